//! Topics: the filter that matches every sensor's, and the sensor that one names. The broker's access list binds a sensor to
//! its topic: that, and nothing in a message, says who sent it.

use picket_protocol::{documents::activation::Hub, ids::SensorId};

/// A hub's topics, read out of their template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topics {
    /// The levels of the template.
    levels: Vec<String>,
}

impl Topics {
    pub(super) fn new(template: &str) -> Self {
        Self { levels: template.split('/').map(str::to_owned).collect() }
    }

    /// A filter for all of them (MQTT 5 §4.7.1): the sensor's level is a wildcard.
    pub(super) fn filter(&self) -> String {
        let level =
            |level: &String| if level.contains(Hub::TOPIC_PLACEHOLDER) { "+".to_owned() } else { level.clone() };
        self.levels.iter().map(level).collect::<Vec<_>>().join("/")
    }

    /// The sensor that a topic names; none when it is not one of these topics.
    pub(super) fn sensor(&self, topic: &str) -> Option<SensorId> {
        let mut sensor = None;
        let mut topic = topic.split('/');
        for level in &self.levels {
            let found = topic.next()?;
            match level.split_once(Hub::TOPIC_PLACEHOLDER) {
                None if found == level => {}
                None => return None,
                Some((before, after)) => {
                    let id = found.strip_prefix(before)?.strip_suffix(after)?;
                    // One spelling: another would be another topic, with an access list of its own.
                    sensor = Some(id.parse::<SensorId>().ok().filter(|sensor| sensor.to_string() == id)?);
                }
            }
        }
        if topic.next().is_none() { sensor } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "07070707-0707-0707-0707-070707070707";

    #[test]
    fn one_filter_matches_all_sensors() {
        for (template, filter) in [
            ("picket/{sensor_id}/alerts", "picket/+/alerts"),
            ("{sensor_id}", "+"),
            ("plant/s-{sensor_id}-x", "plant/+"),
            ("/a/{sensor_id}/", "/a/+/"),
        ] {
            assert_eq!(Topics::new(template).filter(), filter);
        }
    }

    #[test]
    fn a_topic_names_its_sensor() {
        for template in ["picket/{sensor_id}/alerts", "{sensor_id}", "plant/s-{sensor_id}-x", "/{sensor_id}/"] {
            let topic = template.replace(Hub::TOPIC_PLACEHOLDER, ID);
            assert_eq!(Topics::new(template).sensor(&topic), Some(SensorId::from_bytes([7; 16])), "{topic}");
        }
    }

    #[test]
    fn another_topic_names_nobody() {
        let topics = Topics::new("picket/{sensor_id}/alerts");
        for topic in [
            "",
            "picket",
            "picket/x/alerts",
            "picket/07070707070707070707070707070707/alerts",
            "picket/{07070707-0707-0707-0707-070707070707}/alerts",
            "picket/urn:uuid:07070707-0707-0707-0707-070707070707/alerts",
            "other/07070707-0707-0707-0707-070707070707/alerts",
            "picket/07070707-0707-0707-0707-070707070707/alerts/more",
            "picket/07070707-0707-0707-0707-070707070707",
            "picket/AAAAAAAA-0707-0707-0707-070707070707/alerts",
        ] {
            assert_eq!(topics.sensor(topic), None, "{topic}");
        }
        assert_eq!(Topics::new("s-{sensor_id}").sensor("s-s-"), None);
    }
}
