"""The page in a browser, beside a study that grows as a launch records it."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.browser import needs_chromium
from tests.own_studies import score_study
from tests.serve.growing_study import GrowingStudy
from tests.serve.live_page import LivePage, live_page

pytestmark = needs_chromium
TRACEBACK = "Traceback (most recent call last):\n  File 'x.py', line 3\n\nValueError: <b>no</b>"


def _the_state_stands_above_the_report(page: LivePage, study: GrowingStudy) -> None:
    study.report(1, 1)
    page.wait_for_head("grid", "running", "2 of 10 rows", "2 running", "left", "last result", "ago")
    assert "?token=" not in page.page.browser.current_url
    page.page.picture("running")


def _results_arrive_and_the_reader_keeps_place_and_choices(
    page: LivePage, study: GrowingStudy
) -> None:
    page.run(
        """
        window.witness = 'the page was not loaded again';
        const box = page.querySelector('#table-grid');
        const words = box.querySelector('input');
        words.value = '0.1';
        words.dispatchEvent(new Event('input', { bubbles: true }));
        const heads = [...box.querySelectorAll('th button')];
        heads.find((one) => one.textContent === 'epochs').click();
        page.querySelector('nav details').open = false;
        const [panel, ...others] = page.querySelectorAll('#rows details');
        panel.open = true;
        others.slice(2).forEach((other) => { other.open = true; });
        frame.contentWindow.scrollTo({
            top: panel.getBoundingClientRect().top + frame.contentWindow.scrollY - 30,
            behavior: 'instant',
        });
        """
    )
    seen = """
        const box = page.querySelector('#table-grid');
        return [
          window.witness, box.querySelector('input').value, box.querySelector('output').textContent,
          box.querySelector('th[aria-sort]').textContent,
          box.querySelector('th[aria-sort]').getAttribute('aria-sort'),
          page.querySelector('nav details').open, page.querySelector('#rows details').open,
          Math.round(page.querySelector("#rows details").getBoundingClientRect().top / 10),
        ];
    """
    before = page.run(seen)
    assert before[1:] == ["0.1", "2 of 10 shown", "epochs", "descending", False, True, 3]
    study.finish(1)
    page.wait_for_report("4 of 10 rows have ended")
    page.wait_for_head("4 of 10 rows")
    assert page.run(seen) == before
    page.page.picture("after")


def _the_report_is_held_on_request_and_the_state_goes_on(
    page: LivePage, study: GrowingStudy
) -> None:
    [hold] = page.page.find("#hold")
    hold.click()
    assert hold.get_attribute("aria-pressed") == "true"
    study.finish(2)
    page.wait_for_head("6 of 10 rows", "a newer one is there")
    assert "4 of 10 rows have ended" in page.report()
    hold.click()
    page.wait_for_report("6 of 10 rows have ended")


def _it_waits_while_text_is_selected(page: LivePage, study: GrowingStudy) -> None:
    page.run("frame.contentWindow.getSelection().selectAllChildren(page.querySelector('h1'));")
    version = "return version;"
    before = page.run(version)
    study.report(4, 1)
    page.wait_until(
        lambda: bool(page.run("return newest.version > version;")), "a newer report is there"
    )
    assert page.run(version) == before
    page.run("frame.contentWindow.getSelection().removeAllRanges();")
    page.wait_until(lambda: page.run(version) > before, "shown")


def _a_failure_is_one_click_from_its_traceback_and_output(
    page: LivePage, study: GrowingStudy
) -> None:
    study.report(3, 1)
    study.fail(3, TRACEBACK, "step 1\nstep 2\n")
    page.wait_for_head("1 failed trial", "2 failed")
    page.wait_for_report("step 2")
    [failures] = page.page.find_shown("#failures summary")
    failures.click()
    [button] = page.page.find_shown("#failures button", "trial-3")
    assert "ValueError: <b>no</b>" in page.head()
    button.click()
    panel = """
        const panel = page.querySelector('[data-trial="trial-3"]').closest('details');
        return [panel.open, panel.innerText, panel.querySelectorAll('b').length];
    """
    is_open, text, markup = page.run(panel)
    assert is_open and markup == 0
    assert "File 'x.py', line 3" in text and "ValueError: <b>no</b>" in text and "step 1" in text
    page.page.picture("failure")


def _the_page_fits_a_phone_and_the_console_is_clean(page: LivePage, _study: GrowingStudy) -> None:
    browser = page.page.browser
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        needed, there, frame = page.run(
            "return [document.documentElement.scrollWidth, innerWidth, frame.clientHeight];"
        )
        assert needed <= there == 360 and frame > 300
        page.page.picture("phone")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert browser.get_log("browser") == []


def _a_server_that_ended_is_said(page: LivePage, _study: GrowingStudy) -> None:
    """The last test of this page: its cookie is thrown away, as after a new start."""
    page.page.browser.delete_all_cookies()
    page.wait_for_head("The server was started again: open the address that it printed.")


def test_a_reader_beside_a_growing_study(tmp_path: Path) -> None:
    study = GrowingStudy(tmp_path, tuple(0.1 / 2**n for n in range(5)))
    study.finish(0)
    options = ("--no-figures", "--no-labs")
    with study.ledger.store.lock(), live_page(study.root, tmp_path / "seen", *options) as page:
        page.wait_for_report("2 of 10 rows have ended")
        for step in (
            _the_state_stands_above_the_report,
            _results_arrive_and_the_reader_keeps_place_and_choices,
            _the_report_is_held_on_request_and_the_state_goes_on,
            _it_waits_while_text_is_selected,
            _a_failure_is_one_click_from_its_traceback_and_output,
            _the_page_fits_a_phone_and_the_console_is_clean,
            _a_server_that_ended_is_said,
        ):
            step(page, study)


def test_the_start_page_lists_studies_and_leads_to_them(tmp_path: Path) -> None:
    study = GrowingStudy(tmp_path / "results")
    study.finish(0, val_accuracy=0.95)
    score_study(tmp_path / "results" / "scores")
    with (
        study.ledger.store.lock(),
        live_page(tmp_path / "results", tmp_path / "pictures", "--no-figures") as page,
    ):

        def lines() -> list[list[str]]:
            script = """
                const rows = [...document.querySelectorAll('tbody tr')];
                return rows.map((row) => [...row.cells].map((one) => one.innerText));
            """
            found: list[list[str]] = page.page.browser.execute_script(script)
            return found

        page.page.wait_for("2 studies, 1 running", "4 of 4 rows")
        grid, scores = lines()
        assert grid[:3] == ["grid", "running", "2 of 6 rows, 4 not begun"]
        assert "validation accuracy 95.00 %" in grid[4]
        assert scores[1:3] == ["finished", "4 of 4 rows"] and "score 93" in scores[4]
        study.finish(1)
        page.page.wait_for("4 of 6 rows, 2 not begun")
        page.page.picture("start")
        [link] = page.page.find_shown("tbody a", "scores")
        link.click()
        page.wait_for_report("4 of 4 rows have ended")
        assert "All studies" in page.head() and "finished" in page.head()
