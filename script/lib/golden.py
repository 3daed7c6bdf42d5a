#!/usr/bin/env python3
# This is the player that the cases were written with, independent of this project's code on purpose: it knows HTTP from
# Python's library alone. The tests play the same files through Tests/TestKit/GoldenCases.swift.
"""Play golden cases (Tests/Dialect*Tests/Golden/*.json) against a running server and report what differs.

usage: golden.py BASE_URL FILE.json [FILE.json ...] [--var NAME=VALUE ...] [--only TEXT] [--fixtures DIR] [-v] [-q]

Exit status 0 when every step holds, 1 when one does not. The last line is "N passed, N failed" (steps).
A scenario stops at its first failed step when that step captures a variable; otherwise it goes on.
Needs only Python's standard library.
"""
import argparse, base64, json, os, re, sys, threading, urllib.parse, http.client, uuid

TYPES = {"int": lambda v: isinstance(v, int) and not isinstance(v, bool),
         "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
         "string": lambda v: isinstance(v, str), "bool": lambda v: isinstance(v, bool),
         "array": lambda v: isinstance(v, list), "object": lambda v: isinstance(v, dict),
         "null": lambda v: v is None}


def fill(value, variables):
    """Replace ${NAME} in every string of a JSON value."""
    if isinstance(value, str):
        whole = re.fullmatch(r"\$\{(\w+)\}", value)
        if whole and whole.group(1) in variables:
            return variables[whole.group(1)]
        return re.sub(r"\$\{(\w+)\}", lambda m: str(variables.get(m.group(1), m.group(0))), value)
    if isinstance(value, list):
        return [fill(v, variables) for v in value]
    if isinstance(value, dict):
        return {fill(k, variables) if "${" in k else k: fill(v, variables) for k, v in value.items()}
    return value


def differs(want, got, at="$"):
    """None when `got` satisfies `want`, else a sentence."""
    if isinstance(want, dict):
        matchers = {k: v for k, v in want.items() if k in ("$type", "$any", "$regex", "$len", "$contains", "$absent", "$approx", "$unordered", "$gte", "$lte", "$not")}
        if matchers:
            for k, v in matchers.items():
                if k == "$type" and not any(TYPES[t](got) for t in v.split("|")):
                    return f"{at}: {got!r} is no {v}"
                if k == "$regex" and not (isinstance(got, str) and re.search(v, got)):
                    return f"{at}: {got!r} does not match /{v}/"
                if k == "$len" and not (hasattr(got, "__len__") and len(got) == v):
                    return f"{at}: length is {len(got) if hasattr(got, '__len__') else 'none'}, not {v}"
                if k == "$contains":
                    if not isinstance(got, list) or all(differs(v, g) for g in got):
                        return f"{at}: no element like {v!r}"
                if k == "$unordered":
                    if not isinstance(got, list) or len(got) != len(v):
                        return f"{at}: {got!r} is not a list of {len(v)}"
                    rest = list(got)
                    for w in v:
                        hit = next((i for i, g in enumerate(rest) if differs(w, g) is None), None)
                        if hit is None:
                            return f"{at}: no element like {w!r}"
                        rest.pop(hit)
                if k == "$approx" and not (TYPES["number"](got) and abs(got - (v[0] if isinstance(v, list) else v)) <= (v[1] if isinstance(v, list) else 1e-6)):
                    return f"{at}: {got!r} is not about {v!r}"
                if k == "$gte" and not (TYPES["number"](got) and got >= v):
                    return f"{at}: {got!r} < {v}"
                if k == "$lte" and not (TYPES["number"](got) and got <= v):
                    return f"{at}: {got!r} > {v}"
                if k == "$not" and differs(v, got, at) is None:
                    return f"{at}: {got!r} should differ"
            return None
        if not isinstance(got, dict):
            return f"{at}: {str(got)[:200]!r} is no object"
        for k, v in want.items():
            if isinstance(v, dict) and v.get("$absent"):
                if k in got:
                    return f"{at}.{k}: should be absent"
                continue
            if k not in got:
                return f"{at}.{k}: missing (keys: {', '.join(map(str, list(got)[:12]))})"
            d = differs(v, got[k], f"{at}.{k}")
            if d:
                return d
        return None
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return f"{at}: {str(got)[:300]} is not a list of {len(want)}"
        for i, w in enumerate(want):
            d = differs(w, got[i], f"{at}[{i}]")
            if d:
                return d
        return None
    if isinstance(want, bool) or isinstance(got, bool) or want is None:
        return None if want is got or (isinstance(want, bool) and isinstance(got, bool) and want == got) else f"{at}: {got!r}, not {want!r}"
    return None if want == got else f"{at}: {got!r}, not {want!r}"


def dig(value, path):
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


class Server:
    def __init__(self, base):
        u = urllib.parse.urlsplit(base)
        self.host, self.port, self.prefix = u.hostname, u.port or 80, u.path.rstrip("/")

    def send(self, request, fixtures):
        headers = {k: str(v) for k, v in (request.get("headers") or {}).items()}
        lower = {k.lower() for k in headers}
        body = None
        if "raw_body" in request:
            body = request["raw_body"].encode()
        elif "raw_body_b64" in request:
            body = base64.b64decode(request["raw_body_b64"])
        elif "body" in request:
            body = json.dumps(request["body"], ensure_ascii=False).encode()
            if "content-type" not in lower:
                headers["Content-Type"] = "application/json"
        elif "form" in request:
            form = request["form"]
            body = urllib.parse.urlencode(list(form.items()) if isinstance(form, dict) else form).encode()
            if "content-type" not in lower:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif "multipart" in request:
            boundary = "golden" + uuid.uuid4().hex
            chunks = []
            for part in request["multipart"]:
                head = f'--{boundary}\r\nContent-Disposition: form-data; name="{part["name"]}"'
                if "file" in part or "file_b64" in part or "filename" in part:
                    data = (open(os.path.join(fixtures, part["file"]), "rb").read() if "file" in part else
                            base64.b64decode(part["file_b64"]) if "file_b64" in part else str(part.get("value", "")).encode())
                    head += f'; filename="{part.get("filename") or part.get("file") or "file"}"'
                    head += f'\r\nContent-Type: {part.get("content_type", "application/octet-stream")}'
                else:
                    data = str(part.get("value", "")).encode()
                chunks.append(head.encode() + b"\r\n\r\n" + data + b"\r\n")
            body = b"".join(chunks) + f"--{boundary}--\r\n".encode()
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(request["method"], self.prefix + urllib.parse.quote(request["path"], safe="/?&=%:+,;@!$'()*~#-._[]"), body, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()


def check(expect, status, headers, raw):
    want = expect.get("status")
    if want is not None and status not in (want if isinstance(want, list) else [want]):
        return f"status {status}, not {want}: {raw[:300].decode('utf-8', 'replace')}"
    for name, matcher in (expect.get("headers") or {}).items():
        values = [v for k, v in headers if k.lower() == name.lower()]
        if isinstance(matcher, dict) and matcher.get("$absent"):
            if values:
                return f"header {name} should be absent"
            continue
        if not values:
            return f"header {name} is missing"
        d = differs(matcher, ", ".join(values), f"header {name}")
        if d and not any(differs(matcher, v) is None for v in values):
            return d
    if "json" in expect or "json_keys" in expect or "body_keys" in expect:
        try:
            got = json.loads(raw)
        except ValueError:
            return f"no JSON: {raw[:200].decode('utf-8', 'replace')}"
        if "json" in expect:
            d = differs(expect["json"], got)
            if d:
                return d
        keys = expect.get("json_keys") or expect.get("body_keys")
        if keys and (not isinstance(got, dict) or any(k not in got for k in keys)):
            return f"keys {keys} expected"
    text = raw.decode("utf-8", "replace")
    for piece in expect.get("text_contains") or []:
        if piece not in text:
            return f"text lacks {piece!r}"
    for piece in expect.get("text_lacks") or []:
        if piece in text:
            return f"text has {piece!r}"
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("base"); p.add_argument("files", nargs="+")
    p.add_argument("--var", action="append", default=[]); p.add_argument("--only", default="")
    p.add_argument("--fixtures", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures"))
    p.add_argument("-v", action="store_true"); p.add_argument("-q", action="store_true")
    a = p.parse_args()
    server, passed, failed = Server(a.base), 0, 0
    for name in a.files:
        suite = json.load(open(name, encoding="utf-8"))
        base = dict(suite.get("variables") or {})
        if "RUN" in base:
            base["RUN"] = uuid.uuid4().hex[:8]
        base.update(v.split("=", 1) for v in a.var)
        file_passed = file_failed = 0
        for scenario in suite["scenarios"]:
            if a.only and a.only not in scenario["name"]:
                continue
            variables, bad = dict(base), []
            variables["SCENARIO"] = uuid.uuid4().hex[:8]
            for number, step in enumerate(scenario["steps"], 1):
                request, expect = fill(step["request"], variables), fill(step.get("expect") or {}, variables)
                answers, problem = [], None

                def once():
                    try:
                        answers.append(server.send(request, a.fixtures))
                    except Exception as error:  # a dropped connection is a failed step, not a crash of this tool
                        answers.append(error)
                workers = [threading.Thread(target=once) for _ in range(step.get("parallel", 1))]
                [w.start() for w in workers]; [w.join() for w in workers]
                for answer in answers:
                    problem = problem or (f"no answer: {answer!r}" if isinstance(answer, Exception) else check(expect, *answer))
                if not problem and "expect_sum" in step:
                    for path, total in step["expect_sum"].items():
                        s = sum(dig(json.loads(r[2]), path) for r in answers)
                        if s != total:
                            problem = f"sum of {path} over {len(answers)} answers is {s}, not {total}"
                if problem:
                    bad.append(f"    step {number} {request['method']} {request['path']}: {problem}")
                    file_failed += 1
                    if step.get("capture"):
                        skipped = len(scenario["steps"]) - number
                        if skipped:
                            bad.append(f"    {skipped} later steps counted as failed"); file_failed += skipped
                        break
                else:
                    file_passed += 1
                    try:
                        for var, path in (step.get("capture") or {}).items():
                            variables[var] = dig(json.loads(answers[0][2]), path)
                    except Exception as error:
                        bad.append(f"    step {number}: capture failed: {error!r}"); file_failed += 1
                        break
            if bad and not a.q:
                print(f"  FAIL {suite['service']}: {scenario['name']}"); print("\n".join(bad))
            elif a.v:
                print(f"  ok   {suite['service']}: {scenario['name']}")
        print(f"{suite['service']}: {file_passed} of {file_passed + file_failed} steps hold")
        passed += file_passed; failed += file_failed
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
