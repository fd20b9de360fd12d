"""The comparison's runner: what is measured, on whom, and how it is shown."""
