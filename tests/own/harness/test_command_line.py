def test_k_selects_one_check_alone(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ["--submission", SOLUTIONS, "--report", report, "--seed", 4711]
    run = run_suite(EXERCISE, "-k", "4.1 or 4.5", *options)
    assert re.findall(r"^. (4\.\d+)", run.stdout, re.MULTILINE) == ["4.1", "4.5"]
    assert "4/20   2 passed, 10 not selected" in run.stdout
    result = json.loads(report.read_text(encoding="utf-8"))
    passed = [check["id"] for check in result["checks"] if check["points"]]
    assert passed == ["4.1", "4.5"]
    assert [check["id"] for check in result["checks"]] == IDS
    assert result["seed"] == 4711


@pytest.mark.skipif(system.WINDOWS, reason="Windows has no such shell")
def test_grades_in_the_background() -> None:
    """A shell lets such a pytest ignore SIGINT, and so would the programs it starts."""
    in_background = ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
    options = "-k", "4.12", "--submission", SOLUTIONS
    run = run_suite(EXERCISE, *options, through=in_background)
    assert "2/20   1 passed" in run.stdout


def test_submission_cannot_bring_its_configuration(tmp_path: Path) -> None:
    """Named before the suite, its pytest.ini would count: then nothing is graded."""
    (tmp_path / "pytest.ini").write_text("[pytest]")
    run = run_suite("--submission", tmp_path, EXERCISE)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"write --submission={tmp_path}" in run.stderr
    whole = run_suite(f"--submission={tmp_path}", "-k4.1", EXERCISE)
    assert "Score" in whole.stdout


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("report.txt", "it must end in .json or .html"),
        ("nowhere/report.json", "there is no such folder"),
    ],
)
def test_bad_report_is_a_usage_error(file: str, words: str, tmp_path: Path) -> None:
    run = run_suite(EXERCISE, "--report", tmp_path / file)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert run.stderr.strip() == f"ERROR: --report {tmp_path / file}: {words}"
    assert run.stdout == ""
