//! Other people's libraries, each as its documentation would have it, on one thread of tokio.

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::{Options, announce};
use crate::case::{BODY, HELLO, SMALL, large};

fn block_on<T>(future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

async fn listen() -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

async fn accept<F: Future + 'static>(
    listener: TcpListener,
    serve: impl Fn(TcpStream) -> F,
) -> io::Result<()> {
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::task::spawn_local(serve(socket));
    }
}

pub(super) fn hyper(options: &Options) -> io::Result<()> {
    let tls = options.identity.as_ref().map(|(chain, key)| -> io::Result<_> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(io::Error::other)?.with_no_client_auth();
        let mut config = builder.with_single_cert(chain, key).map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    });
    let tls = tls.transpose()?;
    let body = Bytes::from(large());
    block_on(async move {
        let (plain, plain_port) = listen().await?;
        let (secure, secure_port) = listen().await?;
        let (prior, prior_port) = listen().await?;
        announce(&[plain_port, secure_port, prior_port])?;
        if let Some(tls) = tls {
            let body = body.clone();
            tokio::task::spawn_local(accept(secure, move |socket| {
                let (tls, body) = (tls.clone(), body.clone());
                async move {
                    if let Ok(socket) = tls.accept(socket).await {
                        match socket.get_ref().1.alpn_protocol() {
                            Some(b"h2") => exchange_http2(socket, body).await,
                            _ => exchange(socket, body).await,
                        }
                    }
                }
            }));
        }
        let content = body.clone();
        tokio::task::spawn_local(accept(prior, move |socket| exchange_http2(socket, content.clone())));
        accept(plain, move |socket| exchange(socket, body.clone())).await
    })
}

async fn exchange(socket: impl AsyncRead + AsyncWrite + Unpin + 'static, large: Bytes) {
    let answer = service_fn(move |request| respond(request, large.clone()));
    let mut http = hyper::server::conn::http1::Builder::new();
    let _ = http.pipeline_flush(true).serve_connection(TokioIo::new(socket), answer).await;
}

async fn exchange_http2(socket: impl AsyncRead + AsyncWrite + Unpin + 'static, large: Bytes) {
    let answer = service_fn(move |request| respond(request, large.clone()));
    let http = hyper::server::conn::http2::Builder::new(Local);
    let _ = http.serve_connection(TokioIo::new(socket), answer).await;
}

/// Has hyper's tasks run on this thread.
#[derive(Clone)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, task: F) {
        drop(tokio::task::spawn_local(async { drop(task.await) }));
    }
}

async fn respond(
    request: Request<Incoming>,
    large: Bytes,
) -> Result<Response<Full<Bytes>>, hyper::http::Error> {
    let body = match request.uri().path() {
        HELLO => Bytes::from_static(SMALL),
        BODY => large,
        _ => Bytes::new(),
    };
    Response::builder().header("content-type", "text/plain").body(Full::new(body))
}

pub(super) fn tungstenite() -> io::Result<()> {
    block_on(async {
        let (listener, port) = listen().await?;
        announce(&[port])?;
        accept(listener, |socket| async move {
            // With a small buffer it is faster than by default, which fills 128 KiB with zeros for every read.
            let config = WebSocketConfig::default().read_buffer_size(4096);
            let socket = tokio_tungstenite::accept_async_with_config(socket, Some(config)).await;
            let Ok(mut socket) = socket else { return };
            while let Some(Ok(message)) = socket.next().await {
                let mut fed = message.is_binary() && socket.feed(message).await.is_ok();
                // What has arrived already is answered together.
                while let Some(Some(Ok(message))) = socket.next().now_or_never() {
                    fed |= message.is_binary() && socket.feed(message).await.is_ok();
                }
                if fed && socket.flush().await.is_err() {
                    return;
                }
            }
        })
        .await
    })
}

pub(super) fn fastwebsockets() -> io::Result<()> {
    block_on(async {
        let (listener, port) = listen().await?;
        announce(&[port])?;
        accept(listener, |socket| async move {
            let upgrade = service_fn(|mut request: Request<Incoming>| async move {
                let Ok((response, socket)) = fastwebsockets::upgrade::upgrade(&mut request) else {
                    let mut response = Response::new(Empty::<Bytes>::new());
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                    return Ok::<_, std::convert::Infallible>(response);
                };
                tokio::task::spawn_local(async move {
                    let Ok(mut socket) = socket.await else { return };
                    while let Ok(frame) = socket.read_frame().await {
                        let data = matches!(frame.opcode, fastwebsockets::OpCode::Binary);
                        let echo = fastwebsockets::Frame::binary(frame.payload);
                        if !data || socket.write_frame(echo).await.is_err() {
                            return;
                        }
                    }
                });
                Ok(response)
            });
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(socket), upgrade).with_upgrades().await;
        })
        .await
    })
}
