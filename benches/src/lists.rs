//! Lists of fields: what a browser asks for, what a server answers, what a gRPC client sends. Each is one connection of
//! 64 messages, in which a few fields vary.

/// Names and values in order.
pub type List = Vec<(String, String)>;

/// Messages to a connection.
pub const MESSAGES: usize = 64;

/// The lists of one connection.
#[derive(Clone)]
pub struct Lists {
    /// What they are.
    pub name: &'static str,
    /// One for each message.
    pub lists: Vec<List>,
    /// Octets of names and values of all of them.
    pub plain: usize,
}

impl Lists {
    /// Every kind.
    pub fn all() -> [Self; 3] {
        [Self::of("browser", browser), Self::of("response", response), Self::of("grpc", grpc)]
    }

    /// Lists of one field, of which the static table has all: what surrounds compression.
    pub fn alone() -> Self {
        Self::of("alone", |_| list(&[(":status", "200")]))
    }

    fn of(name: &'static str, list: fn(usize) -> List) -> Self {
        let lists: Vec<List> = (0..MESSAGES).map(list).collect();
        let plain = lists.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
        Self { name, lists, plain }
    }

    /// 64 times the first list, for connections that have just begun.
    pub fn first(&self) -> Self {
        let lists = vec![self.lists[0].clone(); MESSAGES];
        let plain = lists.iter().flatten().map(|(name, value)| name.len() + value.len()).sum();
        Self { name: self.name, lists, plain }
    }
}

fn list(fields: &[(&str, &str)]) -> List {
    fields.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect()
}

fn browser(i: usize) -> List {
    let path = format!(
        "/assets/static/{}/chunk-{:x}.js?v={}",
        ["js", "css", "img", "font"][i % 4],
        i * 7919 + 0x3a91,
        i * 37
    );
    list(&[
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "www.example.com"),
        (":path", &path),
        ("sec-ch-ua", "\"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\""),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", "\"Linux\""),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
        ),
        (
            "accept",
            if i % 4 == 2 {
                "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
            } else {
                "*/*"
            },
        ),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", ["script", "style", "image", "font"][i % 4]),
        ("referer", "https://www.example.com/shop/index.html"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("accept-language", "en-US,en;q=0.9"),
        ("cookie", "session=7f2c9a1be4d04f6fa3c8; theme=dark; _ga=GA1.2.1234567890"),
    ])
}

fn response(i: usize) -> List {
    let length = (1000 + i * 977).to_string();
    let etag = format!("\"{:x}-{:x}\"", 0x6523_0000_u64 + i as u64 * 7919, 1000 + i * 977);
    let date = format!("Mon, 21 Oct 2024 20:13:{:02} GMT", i / 8);
    let modified = format!("Tue, 0{} Oct 2024 1{}:00:{:02} GMT", 1 + i % 9, i % 10, i % 60);
    list(&[
        (":status", "200"),
        ("server", "example/1.4"),
        ("date", &date),
        ("content-type", ["text/javascript; charset=utf-8", "text/css", "image/webp", "font/woff2"][i % 4]),
        ("content-length", &length),
        ("last-modified", &modified),
        ("etag", &etag),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("accept-ranges", "bytes"),
        ("vary", "accept-encoding"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
    ])
}

fn grpc(i: usize) -> List {
    let trace = format!(
        "00-{:032x}-{:016x}-01",
        0x4bf9_2f35_77b3_4da6_u128.wrapping_mul(i as u128 * 2 + 1),
        0x00f0_67aa_0ba9_02b7_u64.wrapping_mul(i as u64 * 2 + 1)
    );
    let timeout = format!("{}m", 900 + (i % 16));
    list(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", ["/shop.v1.Cart/AddItem", "/shop.v1.Cart/List", "/shop.v1.Catalog/Get"][i % 3]),
        (":authority", "cart.internal:8443"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "grpc-go/1.66.0"),
        ("grpc-accept-encoding", "identity,deflate,gzip"),
        ("grpc-timeout", &timeout),
        ("traceparent", &trace),
        ("x-tenant", "blue"),
        ("x-request-priority", "normal"),
    ])
}
