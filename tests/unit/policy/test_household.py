"""The configuration folder as a whole: the examples are good, and every problem of every file comes at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from safedns.errors import ConfigError
from safedns.policy.household import load_household

CONFIG = Path(__file__).parents[3] / "config"
DATA = Path(__file__).parent / "data"


def test_the_example_household_is_good_and_without_warnings() -> None:
    household = load_household(CONFIG)
    assert household.warnings == ()
    assert [profile.id for profile in household.policy.profiles] == ["an", "binh", "adults", "guests"]
    assert household.policy.timezone == household.settings.timezone == "Asia/Ho_Chi_Minh"
    assert [str(endpoint) for endpoint in household.settings.listen_dns] == ["127.0.0.1:5300"]


def test_the_bundled_presets_cover_every_age_of_a_child_once() -> None:
    presets = load_household(CONFIG).policy.presets
    bands = sorted(preset.ages for preset in presets.values() if preset.ages)
    assert [age for first, last in bands for age in range(first, last + 1)] == list(range(18))
    for preset in presets.values():
        expected = ("malware", "bypass", "adult") if preset.ages else ("malware",)
        assert preset.rules.safety == expected, preset.name
    assert [name for name, preset in presets.items() if preset.rules.default == "deny"] == ["under-6"]


def test_the_documented_example_is_taken_with_a_warning_for_what_must_wait() -> None:
    household = load_household(DATA / "contract")
    assert [problem.path for problem in household.warnings] == [
        "listen.console",
        "certificate",
        "children.an.devices[3]",
    ]


def test_all_mistakes_of_both_files_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATA / "mistakes")
    with pytest.raises(ConfigError) as caught:
        load_household(Path())
    assert f"{caught.value}\n" == (DATA / "mistakes" / "problems.txt").read_text(encoding="utf-8")


def test_an_empty_folder_lacks_both_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_household(tmp_path)
    assert [Path(problem.file).name for problem in caught.value.problems] == ["family.yaml", "safedns.yaml"]


def test_what_only_the_catalogue_knows_is_said_at_its_place_in_the_file(tmp_path: Path) -> None:
    shutil.copy(CONFIG / "family.yaml", tmp_path)
    (tmp_path / "safedns.yaml").write_text(
        "upstreams: {servers: [9.9.9.9]}\n"
        "lists:\n"
        "  use: [no-such-list]\n"
        "  extra:\n"
        "    - {name: school, category: socal, source: list.txt}\n"
    )
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "broken.yaml").write_text("title: Broken\n")
    with pytest.raises(ConfigError) as caught:
        load_household(tmp_path)
    found = [(Path(problem.file).name, problem.line, problem.column, problem.path) for problem in caught.value.problems]
    assert found == [
        ("safedns.yaml", 3, 8, "lists.use"),
        ("safedns.yaml", 5, 32, "lists.extra[1].category"),
        ("broken.yaml", 0, 0, ""),
    ]


def test_devices_that_may_not_ask_are_told_at_their_place(tmp_path: Path) -> None:
    (tmp_path / "safedns.yaml").write_text("upstreams: {servers: [9.9.9.9]}\nclients: [192.168.1.0/24, 'fd00::/8']\n")
    devices = '["192.168.1.9", "192.168.2.9", "192.168.1.250-192.168.2.3", "2001:db8:1::/64", "fd00::9"]'
    (tmp_path / "family.yaml").write_text(f"groups:\n  home: {{preset: open, devices: {devices}}}\nunknown: home\n")
    told = [(problem.line, problem.path, problem.message) for problem in load_household(tmp_path).warnings]
    assert [(line, path) for line, path, _ in told] == [
        (2, "groups.home.devices[2]"),
        (2, "groups.home.devices[4]"),
    ]
    assert told[0][2] == (
        "`192.168.2.9` may not ask: `clients` in safedns.yaml does not admit it; add its network there"
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [("", ["2:31"]), ("listen: {page: '0.0.0.0:80'}\n", []), ("block: {page: [192.168.1.8]}\n", [])],
)
def test_a_page_for_one_child_that_nobody_shows_is_told_at_its_place(
    tmp_path: Path, settings: str, told: list[str]
) -> None:
    (tmp_path / "safedns.yaml").write_text(f"upstreams: {{servers: [9.9.9.9]}}\n{settings}")
    (tmp_path / "family.yaml").write_text("groups:\n  home: {preset: open, reply: page}\nunknown: home\n")
    found = load_household(tmp_path).warnings
    assert [f"{problem.line}:{problem.column}" for problem in found if problem.path == "groups.home.reply"] == told
    assert not told or 'add `listen: {page: "0.0.0.0:80"}` to safedns.yaml' in found[0].message


def test_a_device_claimed_by_a_name_that_nobody_tells_is_a_warning_until_somebody_can(tmp_path: Path) -> None:
    settings = tmp_path / "safedns.yaml"
    (tmp_path / "family.yaml").write_text(
        'groups:\n  home: {preset: open, devices: [an-tablet, "aa:bb:cc:dd:ee:01", "::a:b:c:d"]}\nunknown: home\n'
    )
    settings.write_text("upstreams: {servers: [9.9.9.9]}\n")
    (told,) = load_household(tmp_path).warnings
    assert (told.line, told.path) == (2, "groups.home.devices[1]")
    assert told.message == (
        "nobody tells safedns which device is called `an-tablet`; "
        "set `leases` in safedns.yaml to the DHCP server's file, or give its hardware address"
    )
    for cure in ("leases: [/dev/null]", "trusted_forwarders: [192.168.1.1]"):
        settings.write_text(f"upstreams: {{servers: [9.9.9.9]}}\n{cure}\n")
        assert all("an-tablet" not in problem.message for problem in load_household(tmp_path).warnings)


@pytest.mark.parametrize(("listen", "warned"), [("dns", 0), ("tls", 1), ("https", 1), ("quic", 1)])
def test_an_id_that_can_be_guessed_is_warned_of_where_it_opens_a_door(tmp_path: Path, listen: str, warned: int) -> None:
    (tmp_path / "safedns.yaml").write_text(
        f'listen: {{{listen}: ["127.0.0.1:853"]}}\nupstreams: {{servers: [9.9.9.9]}}\n'
        "certificate: {cert: c.pem, key: k.pem, name: dns.home.example}\n"
    )
    (tmp_path / "family.yaml").write_text(
        "groups: {ours: {preset: open, devices: [192.168.1.9, pad.lan, binh-pad-x7k2m9, binh-pad]}}\nunknown: ours\n"
    )
    found = [each for each in load_household(tmp_path).warnings if "can be guessed" in each.message]
    assert [each.path for each in found] == ["groups.ours.devices[4]"] * warned


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("absent.txt", "there is no file {folder}/absent.txt"),
        ("file:absent.txt", "there is no file {folder}/absent.txt"),
        ("services", "{folder}/services is a folder; expected a file"),
        (
            "example.org/list.txt",
            "there is no file {folder}/example.org/list.txt; did you mean https://example.org/list.txt?",
        ),
    ],
)
def test_an_own_list_that_is_not_there_is_warned_of(tmp_path: Path, source: str, message: str) -> None:
    shutil.copy(CONFIG / "family.yaml", tmp_path)
    shutil.copytree(CONFIG / "presets", tmp_path / "presets")
    (tmp_path / "services").mkdir()
    (tmp_path / "there.txt").write_text("a.example\n")
    (tmp_path / "safedns.yaml").write_text(
        "upstreams: {servers: [9.9.9.9]}\n"
        "lists:\n"
        "  extra:\n"
        "    - {name: good, category: social, source: there.txt}\n"
        f"    - {{name: school, category: social, source: {source}}}\n"
        "    - {name: far, category: social, source: 'https://example.org/list.txt'}\n"
    )
    [told] = [each for each in load_household(tmp_path).warnings if each.path.startswith("lists")]
    assert (told.line, told.path, told.message) == (5, "lists.extra[2].source", message.format(folder=tmp_path))


@pytest.mark.parametrize(
    ("sets", "complaint"),
    [
        ("", "`famly` is no set of resolvers in safedns.yaml (`upstreams: sets:`); expected one there, such as"),
        (", sets: {family: 1.1.1.3}", "(`upstreams: sets:`); did you mean `family`?"),
    ],
)
def test_a_set_of_upstreams_must_be_there(tmp_path: Path, sets: str, complaint: str) -> None:
    (tmp_path / "safedns.yaml").write_text(f"upstreams: {{servers: [9.9.9.9]{sets}}}\n")
    (tmp_path / "family.yaml").write_text(
        "children: {an: {preset: 6-9, devices: [192.168.1.31]}}\n"
        "groups: {guests: {preset: mine, upstreams: famly}}\n"
        "unknown: guests\n"
    )
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "mine.yaml").write_text("title: Mine\nupstreams: famly\n")
    with pytest.raises(ConfigError) as caught:
        load_household(tmp_path)
    found = [(Path(problem.file).name, problem.line, problem.path) for problem in caught.value.problems]
    assert found == [("family.yaml", 2, "groups.guests.upstreams"), ("mine.yaml", 0, "upstreams")]
    assert all(complaint in problem.message for problem in caught.value.problems)
