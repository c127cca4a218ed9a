"""The model that MLServer serves: a logistic of the age."""
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

class Scorer(MLModel):
    async def load(self) -> bool:
        return True
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        columns = [NumpyCodec.decode_input(i).reshape(-1) for i in payload.inputs]
        score = 1 / (1 + np.exp(-(columns[0] - 40) / 10))
        return InferenceResponse(id=payload.id, model_name=self.name, model_version=self.version, outputs=[NumpyCodec.encode_output("score", score)])
