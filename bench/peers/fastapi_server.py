"""The job of POST /recommend in the usual Python parts: FastAPI, uvicorn, ONNX Runtime and numpy or hnswlib.

python fastapi_server.py BUNDLE_VERSION exact|hnsw: prints the port it listens on. Same bundle, inputs, precision and
answers as the service; no cache. Micro-batches of what waits, in one thread, without a timer, as the service does.
"""
import asyncio
import json
import os
import queue
import socket
import sys
import threading
import uuid
from typing import Annotated

import hnswlib
import numpy as np
import onnxruntime as ort
import uvicorn
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

MOST_AT_ONCE = 64
Id = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    itemId: Id
    timestamp: int | None = None


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    history: Annotated[list[Entry], Field(max_length=1000)] = []
    k: Annotated[int, Field(ge=1, le=100)] = 10


class Item(BaseModel):
    itemId: str
    domain: str
    score: float
    rank: int
    title: str | None = None


class Answer(BaseModel):
    requestId: str
    domain: str
    model: dict[str, str]
    basis: str
    degraded: bool
    degradedReasons: list[str]
    historyUsed: int
    historyUnknown: int
    items: list[Item]


class Domain:
    def __init__(self, root, name, manifest, search):
        facts = manifest["encoder"]
        width = facts["globalWidth"] + facts["localWidth"]
        self.name = name
        with open(f"{root}/items-{name}.jsonl", encoding="utf8") as lines:
            self.items = [json.loads(line) for line in lines if line.strip()]
        self.vectors = np.fromfile(f"{root}/vectors-{name}.f32", "<f4").reshape(-1, width)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.encoder = ort.InferenceSession(f"{root}/user-{name}.onnx", options, providers=["CPUExecutionProvider"])
        self.index = None
        if search == "hnsw":
            self.index = hnswlib.Index(space="ip", dim=width)
            self.index.load_index(f"{root}/hnsw-{name}.bin", max_elements=len(self.items))
            self.index.set_num_threads(1)
            self.index.set_ef(max(100, manifest["retrieval"][name]["efSearch"]))


class Engine:
    def __init__(self, root, search):
        with open(f"{root}/manifest.json", encoding="utf8") as file:
            self.manifest = json.load(file)
        self.facts = self.manifest["encoder"]
        self.domains = {d["name"]: Domain(root, d["name"], self.manifest, search) for d in self.manifest["domains"]}
        self.places = {
            item["itemId"]: (domain, row)
            for domain in self.domains.values() for row, item in enumerate(domain.items)
        }
        self.waiting = queue.SimpleQueue()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            batch = [self.waiting.get()]
            while len(batch) < MOST_AT_ONCE:
                try:
                    batch.append(self.waiting.get_nowait())
                except queue.Empty:
                    break
            answers = []
            for domain in {job[0] for job in batch}:
                jobs = [job for job in batch if job[0] == domain]
                try:
                    answers += [(job, found, None) for job, found in zip(jobs, self.answer(self.domains[domain], jobs))]
                except Exception as error:  # told to whoever waits
                    answers += [(job, None, error) for job in jobs]
            batch[0][4].call_soon_threadsafe(tell, answers)

    def answer(self, domain, jobs):
        windows = []
        for _, history, *_ in jobs:
            known = [self.places[item] for item in history if item in self.places]
            windows.append(known[-self.facts["windowLength"]:])
        feeds = self.thread("global", windows, 0, self.facts["globalWidth"])
        if self.facts["localWidth"] > 0:
            own = [[place for place in window if place[0] is domain] for window in windows]
            feeds |= self.thread("local", own, self.facts["globalWidth"], self.facts["localWidth"])
            feeds["has_local"] = np.array([[1 if window else 0] for window in own], np.float32)
        users = domain.encoder.run(["user_vec"], feeds)[0]
        seen = [{self.places[item][1] for item in history if item in self.places and self.places[item][0] is domain}
                for _, history, *_ in jobs]
        most = min(len(domain.items), max(job[2] for job in jobs) + max(len(rows) for rows in seen))
        if domain.index is None:
            scores = users @ domain.vectors.T
            for row, rows in enumerate(seen):
                scores[row, list(rows)] = -np.inf
            best = np.argpartition(-scores, most - 1, axis=1)[:, :most]
        else:
            best = domain.index.knn_query(users, k=min(len(domain.items), max(100, most)))[0].astype(np.int64)
        results = []
        for row, (_, history, k, *_) in enumerate(jobs):
            found = [c for c in best[row] if c not in seen[row]]
            values = domain.vectors[found] @ users[row]
            order = sorted(range(len(found)), key=lambda i: (-values[i], found[i]))[:k]
            results.append((len(windows[row]), len(history) - sum(item in self.places for item in history), [
                {"itemId": domain.items[found[i]]["itemId"], "domain": domain.name, "score": float(values[i]),
                 "rank": rank + 1, "title": domain.items[found[i]].get("title")}
                for rank, i in enumerate(order)
            ]))
        return results

    def thread(self, name, windows, start, width):
        longest = max(1, max(len(window) for window in windows))
        x = np.zeros((len(windows), longest, width), np.float32)
        positions = np.zeros((len(windows), longest), np.int64)
        for row, window in enumerate(windows):
            for i, (domain, place) in enumerate(window):
                x[row, longest - len(window) + i] = domain.vectors[place, start:start + width]
            if window:
                positions[row, longest - len(window):] = np.arange(1, len(window) + 1)
        return {f"x_{name}": x, f"pos_{name}": positions, f"mask_{name}": positions > 0}


def tell(answers):
    for (_, _, _, future, _), found, error in answers:
        if future.cancelled():
            continue
        if error is None:
            future.set_result(found)
        else:
            future.set_exception(error)


engine = Engine(sys.argv[1], sys.argv[2])
app = FastAPI()
MODEL = {"name": engine.manifest["name"], "version": engine.manifest["version"]}


@app.post("/recommend", response_model=Answer)
async def recommend(body: Body, domain: Annotated[str, Query(pattern=r"^[\x21-\x7e]{1,128}$")]):
    if domain not in engine.domains:
        raise HTTPException(400, "unknown_domain")
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    engine.waiting.put((domain, [entry.itemId for entry in body.history], body.k, future, loop))
    used, unknown, items = await future
    return Answer(requestId=str(uuid.uuid4()), domain=domain, model=MODEL, basis="history", degraded=False,
                  degradedReasons=[], historyUsed=used, historyUnknown=unknown, items=items)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])
