//! What may be reached and what not, and that redirections, sizes and times are kept to.

use std::net::IpAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{
    address::{Standing, standing},
    place::{Place, PlaceHost},
    *,
};

fn call(url: &str) -> Outcall {
    Outcall {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new().into(),
        limit: Duration::from_secs(20),
        largest: 1024,
    }
}

/// Whether a URL is turned away before anything is sent: by itself, or by the address that it is or its name has.
fn turned_away(http: &Http, url: &str) -> bool {
    let Ok(place) = Place::read(url) else { return true };
    let addresses: Vec<IpAddr> = match &place.host {
        PlaceHost::Address(address) => vec![*address],
        // What resolvers make of this machine's names.
        PlaceHost::Name(name) if name == "localhost" || name.ends_with(".localhost") => {
            vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()]
        }
        PlaceHost::Name(_) => return false,
    };
    http.dial.judged(&place, addresses).is_err()
}

/// Every spelling that has been used to get at a machine from inside.
const HOSTILE: &[&str] = &[
    "https://127.0.0.1/",
    "https://127.0.0.1:4566/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.255.255.254/",
    "https://0/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://%31%32%37.0.0.1/",
    "https://127%2e0%2e0%2e1/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://anything.localhost/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.254/",
    "https://192.168.0.1/",
    "https://3232235521/",
    "https://100.64.0.1/",
    "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.170.2/v2/credentials",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://169.254.43518/",
    "https://192.0.0.192/",
    "https://198.18.0.1/",
    "https://192.0.2.1/",
    "https://203.0.113.7/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::169.254.169.254]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[2001:0:7f00:1::]/",
    "https://[2001:db8::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://[100::1]/",
    "https://user@127.0.0.1/",
    "https://example.com@127.0.0.1/",
    "https://user:pass@example.com/",
    "https://127.0.0.1\\@example.com/",
    "https://127.0.0.1#@example.com/",
    "https:127.0.0.1/",
    "https:///127.0.0.1/",
    "https:\\\\127.0.0.1\\",
    "ht\ntps://127.0.0.1/",
    "  https://127.0.0.1/  ",
    "http://8.8.8.8/",
    "http://[2606:4700::1111]/",
    "https://8.8.8.8:0/",
    "https://a..b/",
    "https:///",
    "https://[::1",
    "https://[fe80::1%25eth0]/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "ftp://10.0.0.1/",
    "dict://127.0.0.1:11211/",
    "data:text/plain,a",
    "//127.0.0.1/",
    "127.0.0.1",
    "",
];

#[test]
fn no_spelling_of_an_address_of_ours_is_reached() {
    assert!(HOSTILE.len() > 60);
    let http = Http::new(Vec::new());
    for url in HOSTILE {
        assert!(turned_away(&http, url), "{url:?} is let through");
    }
}

#[test]
fn what_is_public_is_reached() {
    let http = Http::new(Vec::new());
    for url in [
        "https://8.8.8.8/",
        "https://example.com/a?b=c",
        "https://EXAMPLE.com.:8443/",
        "https://bücher.example/",
        "https://[2606:4700::1111]/",
        "https://[64:ff9b::808:808]/",
        "https://172.32.0.1/",
        "https://192.169.0.1/",
        "https://100.128.0.1/",
        "https://11.0.0.1/",
    ] {
        assert!(!turned_away(&http, url), "{url:?} is turned away");
    }
}

#[test]
fn what_is_opened_is_reached_and_nothing_beside_it() {
    let check = |opened: &[&str], address: &str, expect: Standing| {
        let opened: Vec<Network> = opened.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(standing(address.parse().unwrap(), &opened), expect, "{opened:?} {address}");
    };
    check(&["127.0.0.1"], "127.0.0.1", Standing::Opened);
    check(&["127.0.0.1"], "127.0.0.2", Standing::Closed);
    check(&["127.0.0.1"], "::ffff:127.0.0.1", Standing::Opened);
    check(&["127.0.0.1"], "::1", Standing::Closed);
    check(&["10.0.0.0/8"], "10.9.8.7", Standing::Opened);
    check(&["10.1.0.0/16"], "10.2.0.1", Standing::Closed);
    check(&["0.0.0.0/0", "::/0"], "192.168.1.1", Standing::Opened);
    check(&["0.0.0.0/0", "::/0"], "169.254.169.254", Standing::Closed);
    check(&["fc00::/7"], "fd00:ec2::254", Standing::Closed);
    check(&["fc00::/7"], "fd00::1", Standing::Opened);
    check(&["169.254.169.254"], "169.254.169.254", Standing::Opened);
    for address in ["127.0.0.1", "::1", "10.0.0.1", "192.168.7.7", "172.20.0.1", "fd12::1"] {
        assert_eq!(standing(address.parse().unwrap(), &private_networks()), Standing::Opened, "{address}");
    }
    for address in ["169.254.0.1", "0.0.0.0", "fe80::1", "100.64.0.1"] {
        assert_eq!(standing(address.parse().unwrap(), &private_networks()), Standing::Closed, "{address}");
    }
    for text in ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0/8", "localhost"] {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
}

/// A server that says the same to everyone; its URL.
async fn saying(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/path?a=b%20c", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap();
            let said = String::from_utf8_lossy(&head[..read]).replace("\r\n", "|");
            let answer = answer.replace("{said}", &said).replace("{length}", &said.len().to_string());
            let _ = stream.write_all(answer.as_bytes()).await;
            if answer.is_empty() {
                std::future::pending::<()>().await;
            }
        }
    });
    url
}

fn opened() -> Http {
    Http::new(private_networks())
}

#[tokio::test]
async fn a_call_says_what_it_was_told_to() {
    let url =
        saying("HTTP/1.1 418 Short And Stout\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: {length}\r\n\r\n{said}")
            .await;
    let mut call = call(&url);
    call.method = "POST".to_owned();
    call.headers =
        vec![("X-Key".to_owned(), "s3cret".to_owned()), ("Host".to_owned(), "elsewhere".to_owned())];
    call.body = "{}".into();
    assert!(!format!("{call:?}").contains("s3cret"));
    let answer = opened().call(&call).await.unwrap();
    assert_eq!((answer.status, answer.reason.as_str(), answer.is_success()), (418, "Short And Stout", false));
    let twice: Vec<_> =
        answer.headers.iter().filter(|(name, _)| name == "x-a").map(|(_, value)| value.as_str()).collect();
    assert_eq!(twice, ["1", "2"]);
    let said = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(said.starts_with("POST /path?a=b%20c HTTP/1.1|"), "{said}");
    assert!(
        said.contains("x-key: s3cret|") && said.contains("content-length: 2|") && said.ends_with("||{}"),
        "{said}"
    );
    assert!(!said.contains("elsewhere"), "{said}");
}

#[tokio::test]
async fn a_redirection_is_an_answer() {
    let url =
        saying("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n").await;
    let answer = opened().call(&call(&url)).await.unwrap();
    assert_eq!((answer.status, answer.header("location")), (302, Some("http://169.254.169.254/")));
}

#[tokio::test]
async fn an_answer_is_bounded_in_size_and_time() {
    let long = saying("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n").await;
    assert_eq!(opened().call(&call(&long)).await, Err(OutsideError::TooLarge { limit: 1024, status: 200 }));
    let endless = saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3ff\r\n{said}").await;
    let cut = opened().call(&call(&endless)).await.unwrap_err();
    assert!(matches!(cut, OutsideError::Unreachable(_)), "{cut}");
    let silent = saying("").await;
    let call = Outcall { limit: Duration::from_millis(200), ..call(&silent) };
    assert_eq!(opened().call(&call).await, Err(OutsideError::TimedOut(1)));
}

#[tokio::test]
async fn a_name_of_this_machine_is_resolved_and_refused() {
    let url = saying("HTTP/1.1 204 No Content\r\n\r\n").await.replace("127.0.0.1", "localhost");
    let refused = Http::new(Vec::new()).call(&call(&url)).await.unwrap_err();
    assert!(
        matches!(&refused, OutsideError::Refused(why) if why.contains("--allow-private-targets")),
        "{refused}"
    );
    assert_eq!(opened().call(&call(&url)).await.unwrap().status, 204);
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_without_its_value() {
    let mut call = call("https://example.com/");
    call.headers = vec![("x-key".to_owned(), "a\r\nb: c".to_owned())];
    let refused = opened().call(&call).await.unwrap_err().to_string();
    assert!(refused.contains("x-key") && !refused.contains("b: c"), "{refused}");
    call.headers = vec![("x key".to_owned(), "a".to_owned())];
    assert!(matches!(opened().call(&call).await, Err(OutsideError::Invalid(_))));
}
