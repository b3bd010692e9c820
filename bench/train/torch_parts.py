"""What the models that bench:train compares with have in common, as somebody who knows PyTorch would write them.

Imported by a script that is called with a folder and a number of threads: reads the problem that problem-files.ts left
in the folder, offers its values, its batches and the layers that its weights make, and `answer` is the loop. The forms
of the optimiser, the attention and the embedding are the fastest that PyTorch has for CPUs.
"""
import copy
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
D, HEADS, LAYERS, DROP = (settings[name] for name in ("width", "heads", "layers", "dropout"))
assert settings["backbone"] == "sasrec" and settings["maskMode"] == "causal_pad"
assert settings.get("ffn", "relu") == "relu"
assert settings["itemNorm"] == "unit" and settings["recLoss"] == "softmax" and settings["reduction"] == "mean"
assert settings["contrastive"] == "dcl"


def vectors(name):
    """Rows as wide as a text's embedding."""
    return torch.from_numpy(np.fromfile(f"{folder}/{name}.f32", dtype=np.float32).reshape(-1, problem["textWidth"]))


flat = np.fromfile(f"{folder}/weights.f32", dtype=np.float32)
given = {
    name: torch.from_numpy(flat[w["at"]:w["at"] + math.prod(w["shape"])].reshape(w["shape"]).copy())
    for name, w in problem["weights"].items()
}
texts = vectors("texts")


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


def pick(table, rows):
    """table[rows] with a quicker gradient: indexing costs 5 to 10 % of a step more."""
    return table.index_select(0, rows)


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


def adapter(name):
    return nn.Sequential(linear(f"{name}.in"), linear(f"{name}.out"))


def table(name):
    return nn.Embedding.from_pretrained(given[name], freeze=False, sparse=True)


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
            *(x.unflatten(-1, (HEADS, -1)).transpose(1, 2) for x in heads),
            attn_mask=bias, dropout_p=DROP if self.training else 0.0)
        mixed = self.norm2(normed + self.out(seen.transpose(1, 2).flatten(-2)))
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


def recommendation(users, stored, found):
    """Softmax of each step's target among the negatives that all steps share; users [S, D], stored [U, D]."""
    positive = (users * pick(stored, found["targets"])).sum(-1)
    everyone = torch.logsumexp(users @ pick(stored, found["negatives"]).T, -1)
    own = (1 - found["clash"]) * F.softplus(positive - everyone)
    return (everyone - positive + own).mean()


def contrast(first, second, temperature):
    """Both directions between pairs of rows, each without its own pair in the denominator."""
    similarity = F.normalize(first, dim=-1) @ F.normalize(second, dim=-1).T / temperature
    others = similarity - torch.eye(len(similarity)) * 1e9
    own = similarity.diagonal()
    return (torch.logsumexp(others, -1) - own).mean() + (torch.logsumexp(others, 0) - own).mean()


def optimisers_of(model):
    tables = [part.weight for part in model.modules() if isinstance(part, nn.Embedding)]
    dense = [weight for weight in model.parameters() if all(weight is not one for one in tables)]
    optimisers = [torch.optim.Adam(dense, lr=settings["learningRate"], fused=True)]
    if tables:
        optimisers.append(torch.optim.SparseAdam(tables, lr=settings["learningRate"]))
    return optimisers


def step(model, optimisers, batch):
    for optimiser in optimisers:
        optimiser.zero_grad()
    loss = model(batch)
    loss.backward()
    for optimiser in optimisers:
        optimiser.step()
    return loss.item()


def losses(model, count):
    """Of the first steps without dropout, which a copy takes."""
    undisturbed = copy.deepcopy(model).eval()
    optimisers = optimisers_of(undisturbed)
    return [step(undisturbed, optimisers, batch) for batch in batches[:count]]


def say(answer):
    print(json.dumps(answer), flush=True)


def answer(model):
    """Answers a question a line from stdin: {"losses": n} as `losses`; {"step": n} trains on batch n, milliseconds."""
    optimisers = optimisers_of(model.train())
    say({"version": torch.__version__})
    for line in sys.stdin:
        question = json.loads(line)
        if "losses" in question:
            say({"losses": losses(model, question["losses"])})
            continue
        wall, cpu = time.perf_counter(), time.process_time()
        loss = step(model, optimisers, batches[question["step"]])
        say({"wall": (time.perf_counter() - wall) * 1000, "cpu": (time.process_time() - cpu) * 1000, "loss": loss})
