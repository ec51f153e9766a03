"""An event in the JSON format, as the CloudEvents SDK reads it."""

from cloudevents.core.formats.json import JSONFormat


def read_event(text):
    event = JSONFormat().read(None, text)
    return {
        "type": event.get_type(),
        "id": event.get_id(),
        "source": event.get_source(),
        "data": event.get_data(),
    }
