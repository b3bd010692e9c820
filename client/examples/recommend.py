"""Asks Isthmus from Python, with nothing but its standard library: python3 recommend.py http://127.0.0.1:3000 sport u0001"""
import json
import sys
import urllib.error
import urllib.parse
import urllib.request


def recommend(base_url, domain, user_id, k=5, api_key=None, timeout=1.0):
    """The answer of POST /recommend; raises RuntimeError with the stable code of a problem."""
    request = urllib.request.Request(
        f"{base_url}/recommend?{urllib.parse.urlencode({'domain': domain})}",
        data=json.dumps({"userId": user_id, "k": k}).encode(),
        headers={"content-type": "application/json", **({"authorization": f"Bearer {api_key}"} if api_key else {})},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        raise RuntimeError(f"{problem['code']}: {problem['title']} ({problem['instance']})") from error


if __name__ == "__main__":
    base_url, domain, user_id = sys.argv[1:4]
    for item in recommend(base_url, domain, user_id, timeout=10.0)["items"]:
        print(item["rank"], item["itemId"], item.get("title", ""), sep="\t")
