//! JSON documents like the three that parsers are commonly measured with, made from a seed: tweets (keys, short
//! and long texts, escapes, non-ASCII), the outline of a country (numbers with long fractions, small arrays), and a
//! catalogue of events (integers and much white space).

use std::fmt::Write as _;

/// A document and what it consists of.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it is like.
    pub name: String,
    /// The bytes.
    pub text: Vec<u8>,
}

/// The three made documents, of about 1 to 2 MB (and shorter where tests run in debug builds); with `SANSWIRE_JSON` set, the files it names (separated by colons) as well.
pub fn all() -> Vec<Document> {
    let share = if cfg!(debug_assertions) { 20 } else { 1 };
    let made =
        [("twitter", twitter(250 / share)), ("canada", canada(480 / share)), ("citm", citm(240 / share))];
    let made = made.into_iter().map(|(name, text)| Document { name: name.into(), text: text.into_bytes() });
    let named = std::env::var("SANSWIRE_JSON").unwrap_or_default();
    let files = named.split(':').filter(|path| !path.is_empty()).filter_map(|path| {
        let text = std::fs::read(path).inspect_err(|error| eprintln!("{path}: {error}")).ok()?;
        Some(Document { name: path.rsplit('/').next().unwrap_or(path).to_owned(), text })
    });
    made.chain(files).collect()
}

/// xorshift64*: the same documents on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 33) % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

const LATIN: &[&str] = &[
    "the",
    "night",
    "bus",
    "never",
    "came",
    "so",
    "we",
    "walked",
    "home",
    "under",
    "a",
    "sky",
    "full",
    "of",
    "rain",
    "and",
    "nobody",
    "minded",
    "http://t.co/xf81Q",
    "@somebody",
    "#weather",
    "today",
];
const KANA: &[&str] = &[
    "今日は",
    "雨が",
    "降って",
    "いたので",
    "電車に",
    "乗って",
    "海まで",
    "行きました",
    "。",
    "、",
    "とても",
    "きれい",
    "でした",
    "写真を",
    "見て",
    "ください",
    "！",
];

fn text(random: &mut Random, words: u64) -> String {
    let kana = random.below(10) < 6;
    let mut text = String::new();
    for _ in 0..words {
        if !text.is_empty() && !kana {
            text.push(' ');
        }
        text.push_str(random.pick(if kana { KANA } else { LATIN }));
        match random.below(24) {
            0 => text.push_str("\\n"),
            1 if !kana => text.push_str(" \\\"quoted\\\""),
            _ => {}
        }
    }
    text
}

/// A search result of `count` tweets, indented by two.
pub fn twitter(count: usize) -> String {
    let mut random = Random(0x7717_7e12);
    let mut out = String::from("{\n  \"statuses\": [\n");
    for i in 0..count {
        tweet(&mut out, &mut random, 4, i % 3 == 0);
        out.push_str(if i + 1 < count { ",\n" } else { "\n" });
    }
    out.push_str(
        "  ],\n  \"search_metadata\": {\n    \"completed_in\": 0.087,\n    \"max_id\": 505874924095815700,\n",
    );
    out.push_str("    \"query\": \"%E4%B8%80\",\n    \"count\": 100,\n    \"since_id\": 0\n  }\n}");
    out
}

fn tweet(out: &mut String, random: &mut Random, indent: usize, retweet: bool) {
    let pad = " ".repeat(indent);
    let id = 505_870_000_000_000_000 + random.below(4_000_000_000);
    let mut line = |depth: usize, text: std::fmt::Arguments<'_>| {
        let _ = writeln!(out, "{pad}{:1$}{text}", "", depth * 2);
    };
    line(0, format_args!("{{"));
    line(1, format_args!("\"metadata\": {{"));
    line(2, format_args!("\"result_type\": \"recent\","));
    line(2, format_args!("\"iso_language_code\": \"ja\""));
    line(1, format_args!("}},"));
    line(
        1,
        format_args!(
            "\"created_at\": \"Sun Aug 31 00:{:02}:{:02} +0000 2014\",",
            random.below(60),
            random.below(60)
        ),
    );
    line(1, format_args!("\"id\": {id},"));
    line(1, format_args!("\"id_str\": \"{id}\","));
    let words = 4 + random.below(16);
    line(1, format_args!("\"text\": \"{}\",", text(random, words)));
    line(
        1,
        format_args!(
            "\"source\": \"<a href=\\\"http://twitter.com/download/iphone\\\" rel=\\\"nofollow\\\">Twitter for iPhone</a>\","
        ),
    );
    line(1, format_args!("\"truncated\": false,"));
    for key in [
        "in_reply_to_status_id",
        "in_reply_to_status_id_str",
        "in_reply_to_user_id",
        "in_reply_to_screen_name",
    ] {
        line(1, format_args!("\"{key}\": null,"));
    }
    line(1, format_args!("\"user\": {{"));
    let user = 1_000_000_000 + random.below(1_800_000_000);
    line(2, format_args!("\"id\": {user},"));
    line(2, format_args!("\"id_str\": \"{user}\","));
    line(2, format_args!("\"name\": \"{}\",", random.pick(KANA)));
    line(2, format_args!("\"screen_name\": \"user_{}\",", random.below(100_000)));
    line(2, format_args!("\"location\": \"\","));
    let words = 3 + random.below(14);
    line(2, format_args!("\"description\": \"{}\",", text(random, words)));
    line(2, format_args!("\"url\": null,"));
    line(2, format_args!("\"entities\": {{"));
    line(3, format_args!("\"description\": {{"));
    line(4, format_args!("\"urls\": []"));
    line(3, format_args!("}}"));
    line(2, format_args!("}},"));
    line(2, format_args!("\"protected\": false,"));
    for key in ["followers_count", "friends_count", "listed_count"] {
        line(2, format_args!("\"{key}\": {},", random.below(3000)));
    }
    line(
        2,
        format_args!(
            "\"created_at\": \"Sat Feb 16 13:{:02}:{:02} +0000 2013\",",
            random.below(60),
            random.below(60)
        ),
    );
    line(2, format_args!("\"favourites_count\": {},", random.below(20_000)));
    line(2, format_args!("\"utc_offset\": null,"));
    line(2, format_args!("\"time_zone\": null,"));
    for key in ["geo_enabled", "verified"] {
        line(2, format_args!("\"{key}\": false,"));
    }
    line(2, format_args!("\"statuses_count\": {},", random.below(200_000)));
    line(2, format_args!("\"lang\": \"ja\","));
    for key in ["contributors_enabled", "is_translator", "is_translation_enabled"] {
        line(2, format_args!("\"{key}\": false,"));
    }
    line(2, format_args!("\"profile_background_color\": \"C0DEED\","));
    for key in ["profile_background_image_url", "profile_image_url", "profile_banner_url"] {
        line(
            2,
            format_args!(
                "\"{key}\": \"http://pbs.twimg.com/profile_images/{}/normal.jpeg\",",
                random.next() >> 4
            ),
        );
    }
    for key in [
        "profile_link_color",
        "profile_sidebar_border_color",
        "profile_sidebar_fill_color",
        "profile_text_color",
    ] {
        line(2, format_args!("\"{key}\": \"{:06X}\",", random.below(1 << 24)));
    }
    for key in ["profile_use_background_image", "default_profile"] {
        line(2, format_args!("\"{key}\": true,"));
    }
    for key in ["default_profile_image", "following", "follow_request_sent"] {
        line(2, format_args!("\"{key}\": false,"));
    }
    line(2, format_args!("\"notifications\": false"));
    line(1, format_args!("}},"));
    for key in ["geo", "coordinates", "place", "contributors"] {
        line(1, format_args!("\"{key}\": null,"));
    }
    if retweet {
        let _ = write!(out, "{pad}  \"retweeted_status\": ");
        let start = out.len();
        tweet(out, random, indent + 2, false);
        // It stands behind its key, not on a line of its own.
        out.replace_range(start..start + indent + 2, "");
        out.push_str(",\n");
    }
    let mut line = |depth: usize, text: std::fmt::Arguments<'_>| {
        let _ = writeln!(out, "{pad}{:1$}{text}", "", depth * 2);
    };
    line(1, format_args!("\"retweet_count\": {},", random.below(100)));
    line(1, format_args!("\"favorite_count\": {},", random.below(100)));
    line(1, format_args!("\"entities\": {{"));
    line(2, format_args!("\"hashtags\": [],"));
    line(2, format_args!("\"symbols\": [],"));
    line(2, format_args!("\"urls\": [],"));
    line(2, format_args!("\"user_mentions\": ["));
    line(3, format_args!("{{"));
    line(4, format_args!("\"screen_name\": \"user_{}\",", random.below(100_000)));
    line(4, format_args!("\"name\": \"{}\",", random.pick(KANA)));
    line(4, format_args!("\"id\": {},", random.below(1 << 31)));
    line(4, format_args!("\"indices\": ["));
    line(5, format_args!("{},", random.below(10)));
    line(5, format_args!("{}", 10 + random.below(10)));
    line(4, format_args!("]"));
    line(3, format_args!("}}"));
    line(2, format_args!("]"));
    line(1, format_args!("}},"));
    line(1, format_args!("\"favorited\": false,"));
    line(1, format_args!("\"retweeted\": false,"));
    line(1, format_args!("\"lang\": \"ja\""));
    let _ = write!(out, "{pad}}}");
}

/// The outline of a country as `rings` rings of points, without white space.
pub fn canada(rings: usize) -> String {
    let mut random = Random(0xca11_ada5);
    let mut out = String::from(
        "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"name\":\"Canada\"},\
         \"geometry\":{\"type\":\"Polygon\",\"coordinates\":[",
    );
    for ring in 0..rings {
        out.push_str(if ring > 0 { ",[" } else { "[" });
        for point in 0..4 + random.below(230) {
            if point > 0 {
                out.push(',');
            }
            let (x, y) = (53 + random.below(88), 42 + random.below(41));
            let mut fraction = || 100_000_000_000_000 + random.next() % 900_000_000_000_000;
            let _ = write!(out, "[-{x}.{},{y}.{}]", fraction(), fraction());
        }
        out.push(']');
    }
    out.push_str("]}}]}");
    out
}

/// A catalogue of events with `count` performances, indented by four.
pub fn citm(count: usize) -> String {
    let mut random = Random(0xc173_0001);
    let mut out = String::from("{\n    \"areaNames\": {\n");
    let names =
        ["Arrière-scène central", "1er balcon central", "2ème balcon bergerie cour", "Orchestre", "Parterre"];
    for i in 0..17 {
        let comma = if i < 16 { "," } else { "" };
        let _ = writeln!(out, "        \"{}\": \"{}\"{comma}", 205_705_993 + i, random.pick(&names));
    }
    out.push_str("    },\n    \"audienceSubCategoryNames\": {\n        \"337100890\": \"Abonné\"\n    },\n    \"events\": {\n");
    for i in 0..184 {
        let id = 138_586_341 + i * 4;
        let comma = if i < 183 { "," } else { "" };
        let _ = writeln!(
            out,
            "        \"{id}\": {{\n            \"description\": null,\n            \"id\": {id},\n            \
             \"logo\": null,\n            \"name\": \"{} {} {}\",\n            \"subTopicIds\": [\n                \
             337184269,\n                337184283\n            ],\n            \"subjectCode\": null,\n            \
             \"subtitle\": null,\n            \"topicIds\": [\n                324846099,\n                107888604\n            \
             ]\n        }}{comma}",
            random.pick(LATIN),
            random.pick(LATIN),
            random.pick(LATIN),
        );
    }
    out.push_str("    },\n    \"performances\": [\n");
    for i in 0..count {
        let _ = write!(
            out,
            "        {{\n            \"eventId\": {},\n            \"id\": {},\n            \"logo\": null,\n            \
             \"name\": null,\n            \"prices\": [\n",
            138_586_341 + random.below(700),
            339_887_544 + random.below(10_000)
        );
        let prices = 3 + random.below(4);
        for price in 0..prices {
            let comma = if price + 1 < prices { "," } else { "" };
            let _ = writeln!(
                out,
                "                {{\n                    \"amount\": {},\n                    \
                 \"audienceSubCategoryId\": 337100890,\n                    \"seatCategoryId\": {}\n                }}{comma}",
                10_000 + random.below(90_000),
                338_937_295 + random.below(100)
            );
        }
        out.push_str("            ],\n            \"seatCategories\": [\n");
        for category in 0..prices {
            out.push_str("                {\n                    \"areas\": [\n");
            let areas = 4 + random.below(9);
            for area in 0..areas {
                let comma = if area + 1 < areas { "," } else { "" };
                let _ = writeln!(
                    out,
                    "                        {{\n                            \"areaId\": {},\n                            \
                     \"blockIds\": []\n                        }}{comma}",
                    205_705_993 + random.below(17)
                );
            }
            let comma = if category + 1 < prices { "," } else { "" };
            let _ = writeln!(
                out,
                "                    ],\n                    \"seatCategoryId\": {}\n                }}{comma}",
                338_937_295 + random.below(100)
            );
        }
        let comma = if i + 1 < count { "," } else { "" };
        let _ = writeln!(
            out,
            "            ],\n            \"seatMapImage\": null,\n            \"start\": {},\n            \
             \"venueCode\": \"PLEYEL_PLEYEL\"\n        }}{comma}",
            1_372_701_600_000 + random.below(10_000_000_000)
        );
    }
    out.push_str("    ],\n    \"venueNames\": {\n        \"PLEYEL_PLEYEL\": \"Salle Pleyel\"\n    }\n}");
    out
}
