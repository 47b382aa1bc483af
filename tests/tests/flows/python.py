"""A publisher and a reader as the Python system has them: aio-pika with its own JSON and enum, times from utcnow(), redis-py.

Arguments: the broker's URL, Redis' URL, a job's id, and its namespace. Prints what the reader sees.
"""
import asyncio, json, sys, time
from datetime import datetime, timezone
from enum import Enum

import aio_pika
import redis


class EventType(str, Enum):
    DOWNLOAD_REQUESTED = "subtitle.download.requested"
    SUBTITLE_READY = "subtitle.ready"
    JOB_FAILED = "job.failed"


def event(event_type, job_id, payload):
    # datetime.utcnow().isoformat(): no offset
    now = datetime.now(timezone.utc).replace(tzinfo=None).isoformat()
    return {"event_type": event_type.value, "job_id": job_id, "timestamp": now, "source": "downloader",
            "payload": payload, "metadata": None}


async def publish(url, events):
    connection = await aio_pika.connect_robust(url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange("subtitle.events", aio_pika.ExchangeType.TOPIC, durable=True)
        for one in events:
            body = json.dumps(one).encode()
            message = aio_pika.Message(body=body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await exchange.publish(message, routing_key=one["event_type"])


def main():
    broker, store, job, namespace = sys.argv[1:5]
    ready = {"subtitle_path": f"{namespace}/from-python.es.srt", "language": "es",
             "download_url": "https://files.example/from-python.es.srt"}
    unknown = {"video_url": "https://media.example/a.mkv", "video_title": "A", "language": "es"}
    asyncio.run(publish(broker, [
        event(EventType.DOWNLOAD_REQUESTED, "python-1", unknown),
        event(EventType.SUBTITLE_READY, job, ready),
    ]))
    reader = redis.from_url(store, decode_responses=True)
    for _ in range(300):
        record = json.loads(reader.get(f"job:{job}") or "{}")
        history = [json.loads(one)["event_type"] for one in reader.lrange(f"job:events:{job}", 0, -1)]
        if record.get("status") == "DONE" and history[:1] == ["subtitle.ready"]:
            print(json.dumps({"status": record["status"], "download_url": record["download_url"], "newest": history[0]}))
            return
        time.sleep(0.1)
    sys.exit(f"the record is {record}, the history {history}")


main()
