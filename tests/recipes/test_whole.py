"""Each recipe of CONTRIBUTING.md, applied to a copy, with all of its commands and the types: `make test-recipes`."""

from pathlib import Path

import pytest

from .recipe import Recipe, copy_tree, recipes, run


@pytest.mark.parametrize("recipe", recipes(), ids=str)
def test_a_recipe_works(recipe: Recipe, tmp_path: Path) -> None:
    copy_tree(tmp_path)
    recipe.apply(tmp_path)
    run([*recipe.commands, [".venv/bin/mypy", *recipe.programs]], tmp_path)
