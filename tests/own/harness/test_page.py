"""The skeleton of all pages: safe, whatever stands in them, and in one language."""

import re

import pytest

from tests.harness import page as module
from tests.harness.page import check_item, page, score_of, sign_of, source_of


def test_title_is_only_text() -> None:
    assert "<title>a &lt;b&gt; &amp; c</title>" in page("a <b> & c", "")


def test_policy_allows_no_script() -> None:
    text = page("title", "<p>body</p>")
    assert re.findall(r'content="(default-src [^"]*)"', text) == [
        "default-src 'none'; style-src 'unsafe-inline'"
    ]
    assert "<script" not in text


def test_policy_allows_the_pages_own_script_only() -> None:
    text = page("title", "<p>body</p>", script="alert(1)")
    policy = re.findall(r'content="default-src [^"]*; script-src ([^"]*)"', text)
    # echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
    assert policy == ["'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"]
    assert source_of("alert(1)") == policy[0]
    assert text.count("<script>alert(1)</script>") == 1


@pytest.mark.parametrize(
    ("language", "tag"), [("en", "en"), ("fr", "fr"), ("pt_BR", "pt-BR")]
)
def test_language_is_that_of_the_words(
    monkeypatch: pytest.MonkeyPatch, language: str, tag: str
) -> None:
    monkeypatch.setattr(module, "LANGUAGE", language)
    assert f'<html lang="{tag}">' in page("title", "")


def test_any_outcome_has_a_sign() -> None:
    assert sign_of("not run") == "·"
    assert sign_of("new") == "?"
    item = check_item("not run", "4.5 cuts lines", 0, 2)
    assert '<li class="not run">' in item
    assert "0/2<span" in item
    assert "points, not run" in item


def test_score_is_a_bar_with_a_label() -> None:
    score = score_of(3, 4, "1 <failed>")
    assert 'value="3" max="4" aria-label="3 of 4 points"' in score
    assert "<strong>3</strong> of 4 points" in score
    assert "1 &lt;failed&gt;" in score
