"""LLM4CDSR (preset `product`) in PyTorch: what bench:train compares with."""
import math

import torch
import torch.nn.functional as F
from torch import nn

from torch_parts import (
    D, Sasrec, adapter, answer, contrast, given, pick, problem, recommendation, settings, table, texts,
)

assert settings["globalItems"] == "textAndIds" and settings["beta"] == 0


class Llm4cdsr(nn.Module):
    def __init__(self):
        super().__init__()
        self.adapter = adapter("items.adapter")
        self.local, self.ids = table("items.local"), table("items.ids")
        self.temperature = nn.Parameter(given["temperature"])
        self.mixed = Sasrec("threads.mixed", settings["embScale"])
        self.locals = nn.ModuleList([Sasrec(f"threads.local.{name}", math.sqrt(D)) for name in problem["domains"]])

    def forward(self, batch):
        rows = batch["items"] - 1
        adapted = self.adapter(pick(texts, rows)) + self.ids(rows)
        stored = F.normalize(torch.cat([adapted, self.local(rows)], -1), dim=-1)
        mixed = self.mixed(stored[:, :D], batch["mixed"])
        total = 0
        for k, found in enumerate(batch["steps"]):
            local = torch.cat([torch.zeros(1, D), self.locals[k](stored[:, D:], batch["locals"][k])])
            users = F.normalize(torch.cat([pick(mixed, found["mixed"]), pick(local, found["local"])], -1), dim=-1)
            total = total + recommendation(users * self.temperature.exp(), stored, found)
        for pair in batch["pairs"]:
            total = total + settings["alpha"] * contrast(
                pick(adapted, pair["first"]), pick(adapted, pair["second"]), settings["gamma"])
        return total


answer(Llm4cdsr())
