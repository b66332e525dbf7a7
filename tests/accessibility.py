"""What axe finds wrong with a page. One call a page, of which nothing but the faults comes back: the library's own call brings
all that axe found right, half as much again in time.
"""

import json

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page


def faults_found_by_axe(page: Page, *, contrast: bool = True) -> str:
    """A report to read; "" when there is none.

    Without `contrast` in two thirds of the time: for who judges the colours otherwise, and more strictly (`tests.contrast`).
    """
    options = {
        "resultTypes": ["violations"],
        "preload": False,  # nothing here comes from another origin, to be fetched first
        "rules": {"color-contrast": {"enabled": contrast}},
    }
    run = f"axe.run(document, {json.dumps(options)}).then(({{violations}}) => ({{violations}}))"
    results = AxeResults(page.evaluate(f"{AXE_SCRIPT}\n;{run}"))
    return str(results.generate_report()) if results.violations_count else ""
