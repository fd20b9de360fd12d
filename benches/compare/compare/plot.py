"""The results as SVG: lines over sizes, bars where there is one size only."""

import math
from html import escape

from .peers import everyone
from .table import figures_in, human, names_in, number

COLOURS = {
    "olympi": "#c2185b", "mpich": "#1f77b4", "mpich-ucx": "#7fb2dd", "openmpi": "#2e9a4d",
    "openmpi-ucx": "#93cfa4", "intel": "#e08a1e", "mpi4py": "#1f77b4", "raw": "#555555",
    "olympi-c": "#7b1fa2", "mpi4py-olympi": "#c2185b", "mpi4py-openmpi": "#2e9a4d", "mpi4py-intel": "#e08a1e",
}
WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 78, 170, 64, 66
FONT = "font-family='DejaVu Sans, Helvetica, Arial, sans-serif'"


def text(x, y, content, size=13, anchor="start", colour="#222", weight="normal", turn=None):
    """One piece of text."""
    rotate = f" transform='rotate({turn} {x:.1f} {y:.1f})'" if turn is not None else ""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='{colour}' "
        f"font-weight='{weight}' {FONT}{rotate}>{escape(content)}</text>"
    )


def line(x1, y1, x2, y2, colour="#e4e4e4", width=1):
    """One straight line."""
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' stroke-width='{width}'/>"


def frame(title, note, height, parts):
    """A whole picture."""
    return "\n".join([
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} {height}'>",
        f"<rect width='{WIDTH}' height='{height}' fill='white'/>",
        text(16, 26, title, 17, weight="bold"), text(16, 46, note, 12, colour="#666"),
        *parts, "</svg>", "",
    ])


def log_ticks(least, most):
    """1, 2 and 5 times powers of ten inside the range; powers alone if there are many."""
    decades = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    steps = (1,) if len(decades) > 5 else (1, 2, 5)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in ticks if least <= tick <= most]


def abscissa(size):
    """Where a size lies: 0 bytes one step left of 1."""
    return math.log2(size) if size > 0 else -1.0


def spread(places, gap):
    """Moves label positions apart until each has `gap` to the next."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    for _ in range(200):
        tight = False
        for i in range(len(moved) - 1):
            lack = gap - (moved[i + 1] - moved[i])
            if lack > 0.01:
                moved[i] -= lack / 2
                moved[i + 1] += lack / 2
                tight = True
        if not tight:
            break
    result = [0.0] * len(places)
    for place, i in zip(moved, order):
        result[i] = place
    return result


def title_of(name, figure):
    """What a picture shows, and how to read it."""
    what = name.removeprefix(figure.name).strip("_") if figure.together else ""
    better = "higher is better" if figure.better == "higher" else "lower is better"
    return f"{figure.title}{': ' if what else ''}{what}", better


def curves(name, figure, results, note):
    """A log-log plot: one line an implementation, named at its end."""
    mine = [record for record in results if record["figure"] == name and record["size"] is not None]
    names = names_in(mine, name)
    sizes = sorted({record["size"] for record in mine})
    least = min(record["p02"] for record in mine) / 1.25
    most = max(max(record["p02"], record["median"]) for record in mine if record["p02"]) * 1.25
    first, last = abscissa(sizes[0]), abscissa(sizes[-1])
    x_of = lambda size: LEFT + (abscissa(size) - first) / (last - first) * (WIDTH - LEFT - RIGHT)
    y_of = lambda v: HEIGHT - BOTTOM - math.log(v / least) / math.log(most / least) * (HEIGHT - TOP - BOTTOM)
    parts = []
    for tick in log_ticks(least, most):
        parts += [line(LEFT, y_of(tick), WIDTH - RIGHT, y_of(tick)),
                  text(LEFT - 8, y_of(tick) + 4, f"{tick:g}", 12, "end", "#444")]
    counted = not figure.axis.startswith("message size")
    step = max(1, math.ceil(len(sizes) / 9))
    for size in sizes[::step] if len(sizes) > 9 else sizes:
        label = f"{size:,}" if counted else human(size).replace(" KiB", "K").replace(" MiB", "M")
        parts += [line(x_of(size), TOP, x_of(size), HEIGHT - BOTTOM),
                  text(x_of(size), HEIGHT - BOTTOM + 18, label, 12, "middle", "#444")]
    parts += [line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#888"),
              line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, "#888"),
              text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18, figure.axis, 13, "middle"),
              text(20, (TOP + HEIGHT - BOTTOM) / 2, mine[0]["unit"], 13, "middle", turn=-90)]
    ends = []
    for implementation in names:
        points = sorted((r["size"], r["p02"]) for r in mine if r["implementation"] == implementation and r["p02"])
        if not points:
            continue
        colour, wide = COLOURS[implementation], 3 if implementation == "olympi" else 1.8
        dashes = " stroke-dasharray='6 4'" if implementation == "raw" else ""
        path = " ".join(f"{x_of(size):.1f},{y_of(v):.1f}" for size, v in points)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{wide}'{dashes}/>")
        parts += [f"<circle cx='{x_of(s):.1f}' cy='{y_of(v):.1f}' r='{wide + 0.7}' fill='{colour}'/>" for s, v in points]
        ends.append((implementation, y_of(points[-1][1]), x_of(points[-1][0])))
    labels = everyone()
    for (implementation, y, x), place in zip(ends, spread([end[1] for end in ends], 17)):
        colour = COLOURS[implementation]
        parts += [line(x + 4, y, WIDTH - RIGHT + 14, place, colour, 0.7),
                  text(WIDTH - RIGHT + 18, place + 4, labels[implementation].label, 13, colour=colour,
                       weight="bold" if implementation == "olympi" else "normal")]
    title, better = title_of(name, figure)
    return frame(f"{title} ({better})", note, HEIGHT, parts)


def bars(name, figure, results, note):
    """Horizontal bars from zero, with their values: one size, several implementations."""
    mine = [record for record in results if record["figure"] == name and record["size"] is not None]
    names = names_in(mine, name)
    most = max(record["p02"] for record in mine)
    left, height = 150, TOP + 34 * len(names) + 30
    parts, labels = [], everyone()
    for index, implementation in enumerate(names):
        record = next(r for r in mine if r["implementation"] == implementation)
        y, length = TOP + 34 * index, record["p02"] / most * (WIDTH - left - 190)
        colour = COLOURS[implementation]
        parts += [
            text(left - 10, y + 18, labels[implementation].label, 13, "end",
                 weight="bold" if implementation == "olympi" else "normal"),
            f"<rect x='{left}' y='{y + 2}' width='{max(length, 1):.1f}' height='22' fill='{colour}'/>",
            text(left + length + 8, y + 18, f"{number(record['p02'])} {record['unit']} "
                 f"(median {number(record['median'])})", 13),
        ]
    title, better = title_of(name, figure)
    laps = f", {mine[0]['size']:,} laps" if figure.axis == "laps" else ""
    return frame(f"{title}{laps} ({better})", note, height, parts)


def draw_all(results, facts, out):
    """Writes one SVG a figure; returns the files' names."""
    drawn = []
    note = f"2nd best percentile, {facts['rounds']} rounds, {facts['cpu']}, {facts['time']}"
    for name, figure in figures_in(results):
        mine = [record for record in results if record["figure"] == name and record["size"] is not None]
        if not mine or name.startswith("object_vec") or not all(record["p02"] > 0 for record in mine):
            continue
        draw = curves if len({record["size"] for record in mine}) > 1 else bars
        file = out / f"{name}.svg"
        file.write_text(draw(name, figure, results, note))
        drawn.append(file.name)
    return drawn
