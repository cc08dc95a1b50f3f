"""Executes a notebook headless and writes the result: run.py NOTEBOOK OUTPUT.

Exit status 1 and the failing cell's traceback on stderr if a cell fails.
"""

import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def main(path, output):
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    try:
        client.execute()
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        nbformat.write(notebook, output)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
