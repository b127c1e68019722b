"""What is made for others to install: the packages' files, the definitions for Meltano Hub, the workflows."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import check_distributions
import pytest
import repository_address
import yaml

ROOT = Path(__file__).parent.parent
PACKAGES = (
    *("tiktokshop-client", "tap-tiktokshop", "target-tiktokshop", "tiktokshop-sandbox", "target-duckdb-exact"),
    *("tiktokshop-airflow", "tiktokshop-books", "tiktokshop-webhooks"),
)

# The Hub's rules for a definition, reduced to what ours could break: what it must have, what it may have, and of what.
NEEDED = {"name", "namespace", "variant", "quality"}
KNOWN = NEEDED | {
    *("capabilities", "commands", "definition", "description", "docs", "domain_url", "executable", "hidden"),
    *("keywords", "label", "log_parser", "logo_url", "maintenance_status", "next_steps", "pip_url", "prereq", "python"),
    *("repo", "requires", "settings", "settings_group_validation", "settings_preamble", "supported_python_versions"),
    "usage",
}
KNOWN_OF = {
    "tap-tiktokshop": KNOWN | {"metadata", "schema", "select"},
    "target-tiktokshop": KNOWN | {"dialect", "target_schema"},
}
CAPABILITIES = {
    "tap-tiktokshop": {
        *("about", "activate-version", "batch", "catalog", "discover", "log-based", "properties", "schema-flattening"),
        *("state", "stream-maps", "structured-logging", "test"),
    },
    "target-tiktokshop": {
        *("about", "activate-version", "batch", "datatype-failsafe", "hard-delete", "schema-flattening", "soft-delete"),
        *("stream-maps", "target-schema", "validate-records"),
    },
}
CHOICES = {
    "maintenance_status": {"active", "beta", "development", "inactive", "unknown"},
    "quality": {"gold", "silver", "bronze", "unknown"},
}
OF_SETTING = {
    *("aliases", "description", "docs", "documentation", "env", "hidden", "kind", "label", "name", "oauth", "options"),
    *("placeholder", "sensitive", "tooltip", "value", "value_post_processor", "value_processor"),
}
KINDS = {
    *("array", "boolean", "date_iso8601", "decimal", "email", "file", "hidden", "integer", "oauth", "object"),
    *("options", "password", "string"),
}
TEXTS = ("description", "domain_url", "executable", "label", "log_parser", "name", "namespace", "pip_url", "variant")
LISTS_OF_TEXTS = ("capabilities", "keywords", "select", "supported_python_versions")
TYPES_OF_SETTING = {
    **dict.fromkeys(("description", "docs", "documentation", "env", "label", "name", "placeholder", "tooltip"), str),
    **dict.fromkeys(("hidden", "sensitive"), bool),
    **dict.fromkeys(("aliases", "options"), list),
}
PROCESSORS = {None, "nest_object", "stringify", "upcase_string"}


def definition(name):
    return yaml.safe_load((ROOT / "hub" / f"{name}.yml").read_text(encoding="utf8"))


@pytest.mark.parametrize("name", ["tap-tiktokshop", "target-tiktokshop"])
def test_a_definition_keeps_to_the_hub_s_schema(name):
    found = definition(name)
    assert found.keys() >= NEEDED
    assert found.keys() - KNOWN_OF[name] == set()
    assert [key for key in TEXTS if not isinstance(found[key], str)] == []
    assert set(found["capabilities"]) - CAPABILITIES[name] == set()
    assert [key for key, choices in CHOICES.items() if found[key] not in choices] == []
    assert {type(value) for key in LISTS_OF_TEXTS for value in found.get(key, [])} == {str}
    assert isinstance(found.get("commands", {}), dict)
    for setting in found["settings"]:
        assert setting.keys() - OF_SETTING == set(), setting["name"]
        assert setting["kind"] in KINDS, setting["name"]
        assert {setting.get("value_processor"), setting.get("value_post_processor")} <= PROCESSORS, setting["name"]
        wrong = [key for key, of in TYPES_OF_SETTING.items() if key in setting and not isinstance(setting[key], of)]
        assert wrong == [], setting["name"]
    names = [setting["name"] for setting in found["settings"]]
    assert len(names) == len(set(names)) > 20
    assert {one for group in found["settings_group_validation"] for one in group} - set(names) == set()
    assert found["supported_python_versions"] == ["3.10", "3.11", "3.12", "3.13"]


@pytest.mark.parametrize(("name", "kind"), [("tap-tiktokshop", "extractors"), ("target-tiktokshop", "loaders")])
def test_the_hub_s_definition_and_that_of_the_clone_differ_in_where_they_install_from(name, kind):
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf8"))["plugins"][kind]
    ours = next(plugin for plugin in plugins if plugin["name"] == name)
    hub = definition(name)
    assert (ours["pip_url"], hub["pip_url"]) == (
        f"-c constraints.txt ./tiktokshop-client ./tiktokshop-sandbox ./{name}",
        f"{name}[sandbox]",
    )
    same = ("settings", "settings_group_validation", "namespace", "executable", "label", "variant")
    assert {key: ours[key] for key in same} == {key: hub[key] for key in same}
    assert ours.get("select") == hub.get("select")
    assert ours.get("commands") == hub.get("commands")


def test_secrets_are_marked_as_such_in_both_definitions():
    for name in KNOWN_OF:
        secrets = {one["name"] for one in definition(name)["settings"] if one.get("sensitive")}
        assert secrets - {"notify"} == {"app_secret", "access_token", "refresh_token"}
        assert ("notify" in secrets) == (name == "target-tiktokshop")


def test_nothing_says_pip_install_of_a_name_that_no_index_has():
    names = "|".join(PACKAGES)
    told = re.compile(rf"(?:pip|uv tool|pipx) install [^\n|]*?(?<![./\w-])(?:{names})\b|uvx (?:--\S+ )*(?:{names})\b")
    assert told.search("pip install -q 'tiktokshop-client[redis]'")
    assert not told.search("pip install './tiktokshop-client[redis]' ./tap-tiktokshop")
    listed = subprocess.run(["git", "ls-files"], capture_output=True, cwd=ROOT, text=True, check=True).stdout.split()
    read = [name for name in listed if Path(name).suffix in {".md", ".py", ".yml", ".toml"} and (ROOT / name).is_file()]
    found = {name for name in read if told.search((ROOT / name).read_text(encoding="utf8"))}
    assert found - {"tests/test_publishing.py", "RELEASING.md"} == set()


def test_every_tool_that_is_run_with_the_pins_has_one():
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf8"), re.MULTILINE))
    files = [*(ROOT / ".ci").iterdir(), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    tools = {
        tool
        for file in files
        for tool in re.findall(
            r"uvx (?:--quiet )?--constraints constraints.txt ([a-z]\S+)", file.read_text(encoding="utf8")
        )
    }
    assert tools == {"meltano", "twine"}
    assert tools - pinned == set()


METADATA = """Metadata-Version: 2.4
Name: tap-tiktokshop
Version: 0.1.0
Summary: A tap
Author: We
License-Expression: Apache-2.0
License-File: LICENSE
Keywords: elt
Classifier: Typing :: Typed
Classifier: Programming Language :: Python :: 3.10
Classifier: Programming Language :: Python :: 3.11
Classifier: Programming Language :: Python :: 3.12
Classifier: Programming Language :: Python :: 3.13
Requires-Python: >=3.10
Requires-Dist: tiktokshop-client<0.2,>=0.1.0.dev0
Project-URL: Repository, https://example.com/shop
Description-Content-Type: text/markdown

Read [this](https://example.com/page).
"""


def wheel(folder, *, without="", old="", new=""):
    """A wheel of the tap, whole but for what is said."""
    path = folder / "tap_tiktokshop-0.1.0-py3-none-any.whl"
    files = {
        "tap_tiktokshop/py.typed": "",
        "tap_tiktokshop-0.1.0.dist-info/licenses/LICENSE": "",
        "tap_tiktokshop-0.1.0.dist-info/METADATA": METADATA.replace(old, new) if old else METADATA,
    }
    with zipfile.ZipFile(path, "w") as made:
        for name, text in files.items():
            if not without or not name.endswith(without):
                made.writestr(name, text)
    return path


def test_a_whole_distribution_may_be_released(tmp_path):
    made = wheel(tmp_path)
    assert check_distributions.faults_of(made) + check_distributions.release_faults(made, "v0.1.0") == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"without": "py.typed"}, "no file py.typed"),
        ({"without": "LICENSE"}, "no file LICENSE"),
        ({"old": "Keywords: elt\n"}, "Keywords is None"),
        ({"old": "Apache-2.0", "new": "MIT"}, "License-Expression is 'MIT'"),
        ({"old": "Classifier: Typing :: Typed\n"}, "no classifier 'Typing :: Typed'"),
        ({"old": "<0.2,>=0.1.0.dev0"}, "tiktokshop-client is no range around 0.1.0"),
        ({"old": "<0.2,>=0.1.0.dev0", "new": "<0.3,>=0.2"}, "is no range around 0.1.0"),
        ({"old": "<0.2,>=0.1.0.dev0", "new": " @ file:///client"}, "is an address"),
        ({"old": "Version: 0.1.0\n", "new": "Version: 0.1.1.dev1\n"}, "the version is not that of the tag v0.1.0"),
        ({"old": "Project-URL: Repository", "new": "Project-URL: Home"}, "no address of the repository"),
        ({"old": "https://example.com/page", "new": "../docs/page.md"}, "does not have: ../docs/page.md"),
    ],
)
def test_a_distribution_that_lacks_something_is_not_released(change, fault, tmp_path):
    made = wheel(tmp_path, **change)
    found = check_distributions.faults_of(made) + check_distributions.release_faults(made, "v0.1.0")
    assert any(fault in one for one in found), found


def test_a_package_that_was_not_built_and_versions_that_differ_are_told(tmp_path):
    wheel(tmp_path)
    faults = check_distributions.check(tmp_path)
    assert faults == [f"{name}: not one wheel and one sdist" for name in check_distributions.PACKAGES]
    wheel(tmp_path, old="Version: 0.1.0\n", new="Version: 0.1.1\n").rename(tmp_path / "tap_tiktokshop-0.1.1.whl")
    wheel(tmp_path)
    assert "several versions: 0.1.0, 0.1.1" in check_distributions.check(tmp_path)


def test_the_address_of_the_repository_is_written_once_and_makes_the_readmes_links_absolute(tmp_path):
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / package / name, tmp_path / package)
    for address in ("https://github.com/old/name", "https://github.com/shop/connectors.git"):
        repository_address.main(address, tmp_path)
    for package in PACKAGES:
        project = (tmp_path / package / "pyproject.toml").read_text()
        assert project.count("[project.urls]") == 1
        assert 'Repository = "https://github.com/shop/connectors"\n' in project
        assert repository_address.RELATIVE.findall((tmp_path / package / "README.md").read_text()) == []
    assert (
        "](https://github.com/old/name/blob/main/README.md)" in (tmp_path / "tiktokshop-client/README.md").read_text()
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tags", "begins"),
    [((), "0.1.0.dev"), (("v0.1.0",), "0.1.0-"), (("v0.1.0", "deploy-2026-11"), "0.1.0-"), (("release",), "0.1.0.dev")],
)
def test_only_a_release_s_tag_makes_the_version(tags, begins, tmp_path):
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), clone], check=True)
    for tag in tags:
        subprocess.run(["git", "tag", tag], cwd=clone, check=True)
    build = ["uv", "build", "--quiet", "--wheel", "--build-constraint", "constraints.txt", "--out-dir", "out"]
    subprocess.run([*build, "tiktokshop-client"], cwd=clone, check=True)
    (made,) = (clone / "out").glob("*.whl")
    assert made.name.removeprefix("tiktokshop_client-").startswith(begins)


@pytest.mark.slow
def test_an_archive_without_git_builds_as_a_version_of_development(tmp_path):
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    package = shutil.copytree(ROOT / "tiktokshop-client", tmp_path / "tiktokshop-client")
    build = ["uv", "build", "--quiet", "--wheel", "--build-constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*build, "--out-dir", str(tmp_path / "out"), str(package)], check=True)
    assert [made.name for made in (tmp_path / "out").glob("*.whl")] == ["tiktokshop_client-0.1.0.dev0-py3-none-any.whl"]


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_pins_its_actions_and_may_only_read(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf8"))
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one)] == []
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []  # nothing foreign in a shell


def test_a_release_is_tested_and_built_before_it_is_published_and_each_job_may_what_it_must():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf8"))
    assert workflow[True] == {"push": {"tags": ["v[0-9]*"]}}  # YAML 1.1 reads `on` as true
    jobs = workflow["jobs"]
    assert {name: set(job.get("needs", [])) for name, job in jobs.items()} == {
        "test": set(),
        "build": set(),
        "publish": {"test", "build"},
        "notes": {"publish"},
    }
    assert {name: job["permissions"] for name, job in jobs.items() if "permissions" in job} == {
        "publish": {"id-token": "write"},
        "notes": {"contents": "write"},
    }
    assert jobs["publish"]["environment"] == "pypi"
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf8")
    assert [word for word in ("secrets.", "password") if f"{word}:" in text or "${{ " + word in text] == []
    scripts = {word for step in steps(workflow) for word in step.get("run", "").split() if word.startswith(".ci/")}
    assert scripts == {".ci/run", ".ci/setup", ".ci/distributions"}
    assert all((ROOT / script).is_file() for script in scripts)


@pytest.mark.slow
def test_meltano_adds_both_plugins_from_their_definitions_to_an_empty_project_without_the_hub(tmp_path):
    if shutil.which("uvx") is None:
        pytest.skip("uv is not installed: bash .ci/setup")
    wheels = tmp_path / "dist"
    pins = str(ROOT / "constraints.txt")
    for package in PACKAGES:
        build = ["uv", "build", "--quiet", "--wheel", "--build-constraint", pins, "--out-dir", str(wheels)]
        subprocess.run([*build, str(ROOT / package)], check=True)
    project = tmp_path / "project"
    project.mkdir()
    (project / "meltano.yml").write_text("send_anonymous_usage_stats: false\n")
    environment = {
        **{name: value for name, value in os.environ.items() if "TIKTOKSHOP" not in name},
        "MELTANO_HUB_API_ROOT": "http://127.0.0.1:9",  # nobody answers there
        "UV_CONSTRAINT": pins,
        "UV_FIND_LINKS": str(wheels),
        "UV_PYTHON_DOWNLOADS": "never",
    }

    def meltano(*words):
        command = ["uvx", "--quiet", "--python", sys.executable, "meltano", *words]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for kind, name in (("extractor", "tap-tiktokshop"), ("loader", "target-tiktokshop")):
        meltano("add", "--plugin-type", kind, name, "--from-ref", str(ROOT / "hub" / f"{name}.yml"))
        assert meltano("invoke", name, "--version").startswith(f"{name} v")
    # Meltano takes no `select` from a definition; the guide has the line that brings it.
    guide = (ROOT / "docs" / "guides" / "meltano.md").read_text(encoding="utf8")
    excluded = re.search(r"for stream in ([\w ]+); do meltano select tap-tiktokshop --exclude", guide)[1].split()
    for stream in excluded:
        meltano("select", "tap-tiktokshop", "--exclude", stream, "*")
    plugins = yaml.safe_load((project / "meltano.yml").read_text(encoding="utf8"))["plugins"]
    wanted = definition("tap-tiktokshop")["select"]
    assert ["*.*", *sorted(plugins["extractors"][0]["select"])] == ["*.*", *sorted(wanted[1:])]
