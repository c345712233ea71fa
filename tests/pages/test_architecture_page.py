"""The page of the architecture: the figures of the whole, and a table whose sums they are."""

from __future__ import annotations

from dataclasses import replace

from dashboard.architecture.layer_table import layer_rows
from dashboard.architecture.summary import MOST_BLOCKS, OTHERS, block_shares, totals_sentence
from dashboard.session.resources import explorer


def test_the_table_adds_up_to_the_totals_and_to_the_model(open_app):
    app = open_app("architecture")
    assert not app.exception
    assert not app.error
    model = explorer().model("tiny").probe.model
    (table,) = app.dataframe
    assert table.value["Parameters"].sum() == model.count_params()
    assert any(f"**{model.count_params():,} parameters**" in one.value for one in app.main.markdown)


def test_shares_are_of_the_whole_and_many_blocks_are_drawn_as_a_dozen():
    infos, costs = explorer().outline("tiny").layers, explorer().costs("tiny")
    shares = block_shares(infos, costs)
    for place in (0, 1):
        assert abs(sum(share[place] for share in shares.values()) - 1) < 1e-9
    repeated = [
        (replace(info, title=f"Block {number}, x"), cost)
        for number in range(20)
        for info, cost in zip(infos, costs, strict=True)
    ]
    many = block_shares(*zip(*repeated, strict=True))
    assert len(many) == MOST_BLOCKS
    assert abs(sum(share[0] for share in many.values()) - 1) < 1e-9
    assert OTHERS in many


def test_what_is_free_or_seen_whole_is_said_so():
    infos, costs = explorer().outline("tiny").layers, explorer().costs("tiny")
    assert "the whole photo" in totals_sentence(infos, costs, (1, 1))
    assert "multiply-adds" in totals_sentence(infos, costs, (999, 999))
    rows = layer_rows(infos, costs)
    assert rows["Takes"][0] == "the photo"
    assert {len(column) for column in rows.values()} == {len(infos)}


def test_the_graph_is_drawn_and_a_clicked_layer_opens_its_maps(open_app):
    app = open_app("architecture", shown="graph")
    assert not app.exception
    assert app.get("plotly_chart")
    app.session_state["_session"].clicked_layer = "block1_conv"
    app.run()
    assert not app.exception
    assert app.title[0].value == "Activations"
