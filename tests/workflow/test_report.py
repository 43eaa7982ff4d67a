"""The report in a real browser: without a network, turned, on a phone, in the dark, printed.

Debian's Chromium is installed for it where that may be done and none is there.
"""

import base64
import io
import json
import re
import shutil
import subprocess

import helpers
import pytest
from PIL import Image

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--window-size=1200,1000",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",  # WebGL without a GPU
    "--enable-unsafe-swiftshader",
]


def found():
    browsers = map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))
    return next(filter(None, browsers), None), shutil.which("chromedriver")


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    if not all(found()) and helpers.may_install():
        install = "apt-get update -qq && apt-get install -qq --no-install-recommends"
        subprocess.run(f"{install} chromium chromium-driver", shell=True, check=True, timeout=900)
    if not all(found()):
        pytest.skip("no Chromium with its chromedriver here")
    options = webdriver.ChromeOptions()
    options.binary_location, driver = found()
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options, webdriver.ChromeService(driver)) as opened:
        opened.set_script_timeout(60)
        yield opened


@pytest.fixture
def page(browser, results):
    """The report, freshly opened, with its first surfaces drawn."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get((results / "report.html").as_uri())
    drawn(browser)
    return browser


def drawn(browser):
    """Wait until all panels of the chosen scene can be turned."""
    from selenium.webdriver.support.ui import WebDriverWait

    ready = "return shown.length > 1 && shown.every(one => one._fullLayout?.scene?._scene?.glplot)"
    WebDriverWait(browser, 60).until(lambda _: browser.execute_script(ready))


def panels(browser):
    return browser.find_elements("css selector", ".panels:not([hidden]) .surface")


def picture(element):
    return Image.open(io.BytesIO(element.screenshot_as_png)).convert("RGB")


def test_it_asks_no_network_and_logs_no_error(page):
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = {
        event["params"]["request"]["url"].partition(":")[0]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert "file" in asked and asked <= {"file", "data", "blob"}
    errors = [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []


def test_a_drag_turns_all_panels(page):
    from selenium.webdriver.common.action_chains import ActionChains

    def eyes():
        return page.execute_script("return shown.map(one => one._fullLayout.scene.camera.eye)")

    before, pictures = eyes(), [picture(panel) for panel in panels(page)]
    assert len(pictures) == 2 and all(len(one.getcolors(1 << 20)) > 100 for one in pictures)
    drag = ActionChains(page).move_to_element(panels(page)[0]).click_and_hold()
    drag.move_by_offset(80, 30).move_by_offset(40, 10).release().perform()
    after = eyes()
    assert before[0] == before[1] and after[0] == after[1] != before[0]
    assert all(picture(panel) != old for panel, old in zip(panels(page), pictures))


def test_a_surface_reads_out_what_was_measured(page):
    """At the end point: where the pointer is, and the table's own value."""
    from selenium.webdriver.common.action_chains import ActionChains

    read = set()
    for dx in range(-60, 61, 20):
        for dy in range(-60, 61, 30):
            panel = panels(page)[1]
            ActionChains(page).move_to_element_with_offset(panel, dx, dy).perform()
            script = "return [...shown[1].querySelectorAll('.hoverlayer, svg .hovertext')]"
            read |= set(page.execute_script(f"{script}.map(text => text.textContent)"))
    values = re.findall(r"α (\S+), β (\S+?)training loss ([\d.]+)", " ".join(read))
    assert values
    grid = page.execute_script(
        "const s = shown[1]._fullData[0];"
        "return [Array.from(s.x), Array.from(s.y), Array.from(s.z, row => Array.from(row))]"
    )
    for alpha, beta, loss in values:
        alpha, beta = (float(text.replace("−", "-")) for text in (alpha, beta))
        there = grid[2][nearest(grid[1], beta)][nearest(grid[0], alpha)]
        assert there == pytest.approx(float(loss), rel=1e-3)


def nearest(line, value):
    return min(range(len(line)), key=lambda i: abs(line[i] - value))


def test_every_surface_of_the_list_can_be_drawn(page):
    from selenium.webdriver.support.ui import Select

    choice = Select(page.find_element("id", "scene"))
    names = [option.text for option in choice.options]
    assert (
        len(names) == 2 * 2 + 1
    )  # loss and error on planes of two tasks, loss on layer groups of one
    for name in names:
        choice.select_by_visible_text(name)
        drawn(page)
        assert len(panels(page)) == (3 if "layer groups" in name else 2)
        assert not [e for e in page.get_log("browser") if e["level"] == "SEVERE"]


def test_on_a_phone_in_the_dark(page):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
    page.refresh()
    drawn(page)
    page.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.execute_script("return document.documentElement.scrollWidth") == 390
    first, second = (panel.rect for panel in panels(page))
    assert first["width"] > 300 and second["y"] > first["y"]  # one below the other
    assert max(picture(page.find_element("tag name", "h1")).getpixel((0, 0))) < 60


def test_printed_it_has_everything_but_the_canvases(page):
    pdf = base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert pdf.startswith(b"%PDF") and pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 3
    closed = "return document.querySelectorAll('details:not([open])').length"
    assert page.execute_script(closed) == 0
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not any(panel.is_displayed() for panel in panels(page))
    assert all(image.is_displayed() for image in page.find_elements("tag name", "img"))


def test_figures_and_surfaces_have_words(page, results):
    from landscape.surfaces import surface

    images = page.find_elements("tag name", "img")
    assert len(images) == 7
    for number, image in enumerate(images, 1):
        assert image.get_attribute("alt").startswith(f"Figure {number}: ")
        assert page.execute_script("return arguments[0].naturalWidth", image) > 600
    points, _ = surface.read(results / "surfaces/scratch/mnli/s0/full/surface.parquet")
    end = points.loc[points["landmark"] == "end", "train_loss"].iloc[0]
    labels = [one.get_attribute("aria-label") for one in panels(page)]
    assert labels[0].startswith("MNLI, From scratch, training loss")
    assert f"end {end:.3g}" in labels[0]


def test_it_says_how_it_was_made(page):
    text = page.find_element("tag name", "body").text
    assert "This is the embedded study." in text
    assert "torch 2" in text and "Surfaces were measured on cpu" in text
    stages = page.find_elements("css selector", "#made > table tbody tr")
    assert {row.text.split()[0] for row in stages} >= {"runs", "surfaces"}


def test_snakemakes_own_report_shows_figures_and_tables(study, tmp_path):
    """Its page holds the results by category, with our captions."""
    done = helpers.snakemake(
        study, "--report", tmp_path / "report.html", "--configfile", "tests/tiny.yaml"
    )
    assert done.returncode == 0, done.stdout[-3000:]
    page = (tmp_path / "report.html").read_text()
    for words in ("Figures", "Tables", "dev-error surfaces", "with the losses at the start"):
        assert words in page
