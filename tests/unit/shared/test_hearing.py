"""When a connection that only listens has to prove that it hears."""

import pytest

from shared.stores.hearing import PROOF_S, WITHIN_S, Deaf, Proof


def test_a_word_is_due_at_once_and_again_after_it_was_heard() -> None:
    proof = Proof(100)
    word = proof.due(100)
    assert word is not None
    assert proof.due(101) is None
    assert proof.hears(word, 101)
    assert proof.due(101 + PROOF_S - 0.1) is None
    assert proof.due_in(101) == PROOF_S
    assert proof.due_in(101 + PROOF_S + 1) == 0
    again = proof.due(101 + PROOF_S)
    assert again not in (None, word)


def test_a_word_that_does_not_come_back_is_deafness() -> None:
    proof = Proof(100)
    proof.due(100)
    proof.due(100 + WITHIN_S - 0.1)
    with pytest.raises(Deaf):
        proof.due(100 + WITHIN_S)


def test_the_words_of_others_are_neither_messages_nor_a_proof() -> None:
    proof, other = Proof(100), Proof(100)
    proof.due(100)
    theirs = other.due(100)
    assert theirs is not None
    assert proof.hears(theirs, 101)
    assert not proof.hears('{"type":"fence"}', 101)
    with pytest.raises(Deaf):
        proof.due(100 + WITHIN_S)
