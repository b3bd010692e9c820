"""The first phase of LLM-EDT (preset `product`, with profiles) in PyTorch: what bench:train compares with."""
import torch.nn.functional as F
from torch import nn

from torch_parts import Sasrec, adapter, answer, contrast, given, pick, recommendation, settings, texts, vectors

assert settings["globalItems"] == "text" and settings["alignPhase"] == 1 and settings["alpha"] > 0
profiles = vectors("profiles")


class LlmEdt(nn.Module):
    def __init__(self):
        super().__init__()
        self.adapter, self.profile = adapter("items.adapter"), adapter("user.adapter")
        self.temperature = nn.Parameter(given["temperature"])
        self.mixed = Sasrec("threads.mixed", settings["embScale"])

    def forward(self, batch):
        stored = F.normalize(self.adapter(pick(texts, batch["items"] - 1)), dim=-1)
        mixed = self.mixed(stored, batch["mixed"])
        profiled = batch["profiled"]
        total = settings["alpha"] * contrast(
            pick(mixed, profiled["mixed"]), self.profile(pick(profiles, profiled["users"])), settings["alignTau"])
        for found in batch["steps"]:
            users = F.normalize(pick(mixed, found["mixed"]), dim=-1) * self.temperature.exp()
            total = total + recommendation(users, stored, found)
        return total


answer(LlmEdt())
