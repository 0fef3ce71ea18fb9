"""The recipes of CONTRIBUTING.md fit the code as it is; `make test-recipes` runs their tests, too."""

from pathlib import Path

import pytest

from tests.recipes.recipe import Recipe, copy_tree, recipes, run


@pytest.mark.parametrize("recipe", recipes(), ids=str)
def test_a_recipe_fits(recipe: Recipe, tmp_path: Path) -> None:
    copy_tree(tmp_path)
    recipe.apply(tmp_path)
    tests = [words for words in recipe.commands if "pytest" in words]
    named = [word for words in tests for word in words if word.endswith(".py")]
    assert named, "a recipe names its tests"
    assert all((tmp_path / name).is_file() for name in named)
    run([words for words in recipe.commands if words not in tests], tmp_path)


def test_the_recipes_are_those_that_are_asked_for_most() -> None:
    assert [recipe.name for recipe in recipes()] == [
        "A dialect",
        "A room with a resource",
        "A metric with its panel and alert",
        "A setting",
        "A migration",
    ]
