"""How models are exported so that they can be served: what worked with each library."""

import streamlit as st

from core.foundation.text import N_, _

HINTS = (
    ("scikit-learn", N_("`to_onnx(model, X[:1].astype('float32'), options={'zipmap': False}, target_opset=20)`")),
    (
        "XGBoost",
        N_("`onnxmltools.convert_xgboost(model, initial_types=…, target_opset=15)`; features are `f0`, `f1`, …"),
    ),
    (
        "LightGBM",
        N_("`onnxmltools.convert_lightgbm(model, initial_types=…, zipmap=False, target_opset=15)`, float inputs"),
    ),
    ("CatBoost", N_("`model.save_model('m.onnx', format='onnx')`; categories are refused, give them as numbers")),
    (
        "PyTorch",
        N_(
            "`torch.onnx.export(model, args, dynamo=True, external_data=False, dynamic_shapes=({0: 'batch'},))`: "
            "one file, any number of rows"
        ),
    ),
    ("Keras", N_("`model.export('m.onnx', format='onnx')`; `tf2onnx.from_keras` fails with Keras 3")),
)
WRONG = N_(
    "Silently wrong with some converters: random forests that were trained with missing values, calibrated pipelines, "
    "XGBoost behind a scaler, LightGBM as a random forest or with linear trees, TF-IDF of word pairs. "
    "The trial shows it."
)


def show(*, is_open: bool = False) -> None:
    """The list, folded until it is needed."""
    with st.expander(_("How to export"), icon=":material/lightbulb:", expanded=is_open):
        for library, words in HINTS:
            shown = _(words)
            st.markdown(f"**{library}**  \n{shown}")
        st.caption(_(WRONG))
        st.caption(_("From Python `portal.registry.register(model, example=rows)` converts and compares by itself."))
