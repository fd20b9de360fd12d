"""The results as aligned Markdown tables."""

from .figures import BY_NAME, FIGURES
from .peers import everyone


def number(value):
    """Three or four significant digits, without exponents."""
    if value is None:
        return "-"
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:,.{digits}f}"


def human(size):
    """A size as people say it: 4 KiB, 10,000."""
    if size >= 1 << 20 and size % (1 << 20) == 0:
        return f"{size >> 20} MiB"
    if size >= 1 << 10 and size % (1 << 10) == 0:
        return f"{size >> 10} KiB"
    return f"{size:,}"


def aligned(rows):
    """A Markdown table whose columns are as wide as their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for index, row in enumerate(rows):
        cells = [cell.ljust(widths[0]) if i == 0 else cell.rjust(widths[i]) for i, cell in enumerate(row)]
        lines.append("| " + " | ".join(cells) + " |")
        if index == 0:
            lines.append("|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|")
    return "\n".join(lines)


def names_in(results, figure):
    """The implementations that have a record of the figure, in the tables' order."""
    present = {record["implementation"] for record in results if record["figure"] == figure}
    return [name for name in everyone() if name in present]


def figures_in(results):
    """The figures that have records, in the order of figures.py, with their descriptions."""
    found = []
    for record in results:
        name = record["figure"]
        if name not in found:
            found.append(name)
    known = [figure.name for figure in FIGURES]
    described = lambda name: BY_NAME.get(name) or BY_NAME[next(k for k in known if name.startswith(k))]
    return [(name, described(name)) for name in found]


def row_label(figure, name, size):
    """What the first column says of a record."""
    if figure.together:
        operation = name.removeprefix(figure.name).strip("_")
        return f"{operation} {human(size)}" if size else operation
    if not (figure.axis and figure.subcommand):
        return ""
    return human(size) if figure.axis == "message size (bytes)" else f"{size:,}"


def one_table(results, name, figure, names=None):
    """One figure: a row a size (of each of `names`), a column an implementation."""
    names = names or [name]
    mine = [record for record in results if record["figure"] in names]
    present = {record["implementation"] for record in mine}
    columns = [column for column in everyone() if column in present]
    unit = next((record["unit"] for record in mine if record["size"] is not None), figure.unit)
    labels = everyone()
    rows = [["" if figure.together else figure.axis or ""] + [labels[column].label for column in columns]]
    cells = {(record["figure"], record["size"], record["implementation"]): record for record in mine}
    sized = {(record["figure"], record["size"]) for record in mine if record["size"] is not None}
    for of, size in sorted(sized, key=lambda pair: (names.index(pair[0]), pair[1])):
        row = [row_label(figure, of, size)]
        for column in columns:
            record = cells.get((of, size, column))
            row.append(f"{number(record['p02'])} ({number(record['median'])})" if record else "-")
        rows.append(row)
    failures = [f"- {labels[r['implementation']].label}: {r['error']}" for r in mine if r["size"] is None]
    direction = "higher is better" if figure.better == "higher" and unit != "x" else "lower is better"
    parts = [f"### {name}: {figure.title} ({unit}, {direction}; {figure.ranks} ranks)"]
    if len(rows) > 1:
        parts.append(aligned(rows))
    if failures:
        parts.append("Not measured:\n" + "\n".join(failures))
    return "\n\n".join(parts)


def render(results, facts):
    """All figures, under a line that says on what they were measured."""
    quick = " **A quick run: too short to judge by.**" if facts["quick"] else ""
    heading = (
        f"# Olympi beside other MPIs\n\n{facts['time']}, {facts['cpu']}, {facts['cpus']} CPUs, Linux {facts['kernel']}; "
        f"pinned ranks on CPUs {facts['pinned_to']}; {facts['rounds']} interleaved rounds in {facts['seconds']} s; "
        f"load {facts['load_before'][0]} before and {facts['load_after'][0]} after.{quick}\n\n"
        "Cells: the 2nd best percentile of short batches, and the median of them in brackets; each is the\n"
        "median over the rounds.\n"
    )
    tables, shown = [], set()
    for name, figure in figures_in(results):
        if not figure.together:
            tables.append(one_table(results, name, figure))
        elif figure.name not in shown:
            shown.add(figure.name)
            known = [figure.name, *figure.records.values()]
            tables.append(one_table(results, figure.name, figure, known))
    return heading + "\n" + "\n\n".join(tables) + "\n"
