"""LLM4CDSR (preset `product`) in PyTorch, as somebody who knows PyTorch would write it: what bench:train compares with.

Reads the problem that problem-files.ts wrote, then one question a line from stdin: {"loss": n} gives the loss of batch n
without dropout, {"step": n} trains on it and gives milliseconds. The forms of the optimiser, the attention and the
embedding are the fastest that PyTorch has for CPUs.
"""
import json
import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(1)
problem = json.load(open(f"{folder}/problem.json"))
settings = problem["settings"]
D, LAYERS, DROP = settings["width"], settings["layers"], settings["dropout"]
assert settings["heads"] == 1 and settings["recLoss"] == "softmax" and settings["contrastive"] == "dcl"
assert settings["globalItems"] == "textAndIds"

flat = np.fromfile(f"{folder}/weights.f32", dtype=np.float32)
texts = torch.from_numpy(np.fromfile(f"{folder}/texts.f32", dtype=np.float32).reshape(-1, problem["textWidth"]))
given = {
    name: torch.from_numpy(flat[w["at"]:w["at"] + math.prod(w["shape"])].reshape(w["shape"]).copy())
    for name, w in problem["weights"].items()
}


def linear(name):
    kernel = given[f"{name}.kernel"]
    layer = nn.Linear(*kernel.shape)
    layer.weight = nn.Parameter(kernel.T.contiguous())
    layer.bias = nn.Parameter(given[f"{name}.bias"])
    return layer


def norm(name):
    layer = nn.LayerNorm(D, eps=1e-8)
    layer.weight, layer.bias = nn.Parameter(given[f"{name}.gain"]), nn.Parameter(given[f"{name}.bias"])
    return layer


class Block(nn.Module):
    def __init__(self, at):
        super().__init__()
        self.norm1, self.norm2 = norm(f"{at}.norm1"), norm(f"{at}.norm2")
        self.query, self.key, self.value = (linear(f"{at}.{part}") for part in ("query", "key", "value"))
        self.out, self.ffn1, self.ffn2 = (linear(f"{at}.{part}") for part in ("out", "ffn1", "ffn2"))
        self.drop = nn.Dropout(DROP)

    def forward(self, steps, bias):
        normed = self.norm1(steps)
        heads = (self.query(normed), self.key(steps), self.value(steps))
        seen = F.scaled_dot_product_attention(
            *(x.unsqueeze(1) for x in heads), attn_mask=bias, dropout_p=DROP if self.training else 0.0)
        mixed = self.norm2(normed + self.out(seen.squeeze(1)))
        return mixed + self.drop(self.ffn2(self.drop(F.relu(self.ffn1(mixed)))))


class Sasrec(nn.Module):
    def __init__(self, name, scale):
        super().__init__()
        self.scale = scale
        self.positions = nn.Parameter(given[f"{name}.positions"])
        self.blocks = nn.ModuleList([Block(f"{name}.{layer}") for layer in range(LAYERS)])
        self.norm, self.drop = norm(f"{name}.norm"), nn.Dropout(DROP)

    def forward(self, items, block):
        """[U, d] -> [B * L, d]"""
        shape = (block["batch"], block["length"])
        mask = block["mask"].view(shape)
        x = F.embedding(block["rows"].view(shape), items) * self.scale
        x = self.drop(x + F.embedding(block["positions"].view(shape), self.positions))
        length = shape[1]
        past = torch.ones(length, length, dtype=torch.bool).tril()
        sequences = block["sequences"].view(shape)
        own = (mask > 0).unsqueeze(1) & (sequences.unsqueeze(1) == sequences.unsqueeze(2))
        allowed = (past & own) | torch.eye(length, dtype=torch.bool)
        real = mask.unsqueeze(-1)
        steps = x * real
        for layer in self.blocks:
            steps = layer(steps, allowed.unsqueeze(1)) * real
        return self.norm(steps).view(-1, D)


class Llm4cdsr(nn.Module):
    def __init__(self):
        super().__init__()
        self.adapter = nn.Sequential(linear("items.adapter.in"), linear("items.adapter.out"))
        self.local = nn.Embedding.from_pretrained(given["items.local"], freeze=False, sparse=True)
        self.ids = nn.Embedding.from_pretrained(given["items.ids"], freeze=False, sparse=True)
        self.temperature = nn.Parameter(given["temperature"])
        self.mixed = Sasrec("threads.mixed", settings["embScale"])
        self.locals = nn.ModuleList([Sasrec(f"threads.local.{name}", math.sqrt(D)) for name in problem["domains"]])

    def forward(self, batch):
        rows = batch["items"] - 1
        adapted = self.adapter(texts[rows]) + self.ids(rows)
        stored = F.normalize(torch.cat([adapted, self.local(rows)], -1), dim=-1)
        mixed = self.mixed(stored[:, :D], batch["mixed"])
        total = 0
        for k, found in enumerate(batch["steps"]):
            local = torch.cat([torch.zeros(1, D), self.locals[k](stored[:, D:], batch["locals"][k])])
            users = F.normalize(torch.cat([mixed[found["mixed"]], local[found["local"]]], -1), dim=-1)
            users = users * self.temperature.exp()
            positive = (users * stored[found["targets"]]).sum(-1)
            everyone = torch.logsumexp(users @ stored[found["negatives"]].T, -1)
            own = (1 - found["clash"]) * F.softplus(positive - everyone)
            total = total + (everyone - positive + own).mean()
        for pair in batch["pairs"]:
            first, second = (F.normalize(adapted[pair[side]], dim=-1) for side in ("first", "second"))
            similarity = first @ second.T / settings["gamma"]
            others = similarity - torch.eye(len(similarity)) * 1e9
            own = similarity.diagonal()
            both = (torch.logsumexp(others, -1) - own).mean() + (torch.logsumexp(others, 0) - own).mean()
            total = total + settings["alpha"] * both
        return total


def tensors(value, name=""):
    if isinstance(value, dict):
        return {key: tensors(inner, key) for key, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], (dict, list)):
        return [tensors(inner) for inner in value]
    if isinstance(value, list):
        return torch.tensor(value, dtype=torch.float32 if name == "mask" else torch.int64)
    return value


batches = [tensors(batch) for batch in problem["batches"]]
for batch in batches:
    for found in batch["steps"]:
        found["clash"] = torch.isin(found["targets"], found["negatives"]).float()
model = Llm4cdsr()
tables = [model.local.weight, model.ids.weight]
dense = [weight for name, weight in model.named_parameters() if name not in ("local.weight", "ids.weight")]
optimisers = [
    torch.optim.Adam(dense, lr=settings["learningRate"], fused=True),
    torch.optim.SparseAdam(tables, lr=settings["learningRate"]),
]


def step(batch):
    model.train()
    for optimiser in optimisers:
        optimiser.zero_grad()
    loss = model(batch)
    loss.backward()
    for optimiser in optimisers:
        optimiser.step()
    return loss.item()


def say(answer):
    print(json.dumps(answer), flush=True)


say({"version": torch.__version__})
for line in sys.stdin:
    question = json.loads(line)
    if "loss" in question:
        model.eval()
        with torch.no_grad():
            say({"loss": model(batches[question["loss"]]).item()})
    else:
        wall, cpu = time.perf_counter(), time.process_time()
        loss = step(batches[question["step"]])
        say({"wall": (time.perf_counter() - wall) * 1000, "cpu": (time.process_time() - cpu) * 1000, "loss": loss})
