//! The process behind a session: starts the system, restarts what dies, as a Deployment would, and ends everything on request,
//! or when the command that started it ends without having asked to keep it. Does I/O.

mod preview;

use std::{
    fs,
    io::{BufRead as _, Write as _},
    net::TcpStream,
    path::Path,
    sync::LazyLock,
    thread,
    time::Duration,
};

use anyhow::Result;
use subtitle_tests::{
    kubernetes::{
        installation::{Installation, NAMESPACE},
        node::Node,
        programs::needs_compiling,
    },
    process::{Server, eventually, free_port, output},
    progress::{failure, is_failure},
    root,
    stack::{self, Stack},
    target,
    tools::{self, HELM_4, packages::Purpose},
};

use crate::commands::session::{Session, SessionArgs, signal_group};

/// A running system.
enum System {
    Processes(Box<Stack>),
    Pods { installation: Box<Installation>, forwards: Vec<Server> },
}

impl System {
    /// Every process that is restarted when it ends.
    fn servers(&mut self) -> Box<dyn Iterator<Item = &mut Server> + '_> {
        match self {
            Self::Processes(stack) => Box::new(stack.servers()),
            Self::Pods { installation, forwards } => {
                let node = installation.node.iter_mut().flat_map(Node::servers);
                Box::new(node.chain(forwards))
            }
        }
    }
}

/// Prints a step, and ends the session if that is a failure; a closed pipe is no reason to stop.
fn tell(step: &str) {
    let _ = writeln!(std::io::stdout(), "{step}");
    if is_failure(step) {
        signal_group(&group(), "KILL");
    }
}

/// The group of every process of the session, which this process leads.
fn group() -> String {
    std::process::id().to_string()
}

fn end_with_parent() {
    thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().lock().read_line(&mut line);
        if line.trim() != "keep" {
            signal_group(&group(), "KILL");
        }
    });
}

/// Runs until its process group is ended.
pub(crate) fn serve(options: &SessionArgs) -> Result<()> {
    let _lock = options.lock_for_session()?;
    let folder = options.folder()?;
    fs::write(folder.join("process"), group())?;
    end_with_parent();
    match start(options, &folder) {
        Ok(system) => look_after(system),
        Err(error) => {
            tell(&failure(&error));
            Err(error)
        }
    }
}

fn start(options: &SessionArgs, folder: &Path) -> Result<System> {
    // Users put their own videos into the library, so it stays; everything else is created again.
    for old in ["session.json", "kubernetes", "rabbitmq", "redis", "store", "preview", "models"] {
        let old = folder.join(old);
        let _ = if old.is_dir() { fs::remove_dir_all(old) } else { fs::remove_file(old) };
    }
    let (system, session) = if options.node || options.context.is_some() {
        let (installation, forwards, session) = installation(options, folder)?;
        (System::Pods { installation: Box::new(installation), forwards }, session)
    } else {
        let (stack, session) = processes(folder)?;
        (System::Processes(Box::new(stack)), session)
    };
    fs::write(folder.join("session.json"), serde_json::to_vec_pretty(&session)?)?;
    tell("ready");
    Ok(system)
}

fn processes(folder: &Path) -> Result<(Stack, Session)> {
    let library = folder.join("library");
    let simulated_delay = Duration::from_millis(1500);
    let models = LazyLock::new(|| {
        tools::models(&tell).inspect_err(|error| {
            let why = format!("{error:#}").replace('\n', " ");
            tell(&format!("no models of Firefox ({why}): Apertium translates, into Spanish"));
        })
    });
    let find_models = || models.as_ref().ok().cloned();
    let preview = |subtitles: &Path| preview::show(subtitles, &folder.join("preview"), find_models().as_deref(), &tell);
    // What was compiled before is quick to start: then the preview would only be in the way.
    let is_slow = needs_compiling(Purpose::Processes)? || !target().join("debug/subtitle-operator").exists();
    if is_slow {
        preview::first_lines(&tell)?;
    }
    let preview: Option<stack::Preview<'_>> = if is_slow { Some(&preview) } else { None };
    let options =
        stack::Options { simulated_delay, preview, models: Some(&find_models), ..stack::Options::new(library, &tell) };
    let stack = Stack::start_with(folder, &options)?;
    let session = Session {
        kubeconfig: stack.cluster.kubeconfig.clone(),
        kubectl: stack.cluster.kubectl.clone(),
        api: stack.api_url.clone(),
        broker_url: stack.broker.url.clone(),
        redis_url: stack.redis.url.clone(),
        library: Some(stack.library.clone()),
        helm: None,
        has_models: find_models().is_some(),
    };
    Ok((stack, session))
}

/// Installs the chart on a new node or in the user's own cluster, and forwards ports to loopback.
fn installation(options: &SessionArgs, folder: &Path) -> Result<(Installation, Vec<Server>, Session)> {
    let library = folder.join("library");
    let installation = match &options.context {
        Some(context) => Installation::on_a_cluster(context, &folder.join("kubernetes"), &tell)?,
        None => Installation::on_a_node(&options.node_name()?, Some(&library), &tell)?,
    };
    if options.context.is_none() {
        // Samples, jobs created over HTTP and the user's own share one namespace; the kubeconfig is this session's own.
        let context = ["config", "set-context", "--current", "--namespace", NAMESPACE];
        output(installation.cluster.kubectl().args(context))?;
    }
    let chart = root().join("charts/subtitle-operator");
    let (api, broker, redis) = (free_port()?, free_port()?, free_port()?);
    let values = folder.join("values.yaml");
    fs::write(&values, include_str!("demo-values.yaml").replace("API", &format!("http://127.0.0.1:{api}")))?;
    installation.install(&HELM_4, &["upgrade", "--install"], &chart, &values)?;
    tell("the chart is installed; operator, API, downloader and translator run as pods");
    let forward = |name: &str, service: &str, from: u16, to: u16| {
        let server = Server::start(name, &installation.cluster.kubectl, folder, |command| {
            command.env("KUBECONFIG", &installation.cluster.kubeconfig).args(["--namespace", NAMESPACE]);
            command.args(["port-forward", service, &format!("{from}:{to}")]);
        })?;
        eventually(name, Duration::from_secs(30), || TcpStream::connect(("127.0.0.1", from)).ok())?;
        Ok::<_, anyhow::Error>(server)
    };
    let forwards = vec![
        forward("to-the-api", "service/subtitles-api", api, 8080)?,
        forward("to-rabbitmq", "service/rabbitmq", broker, 5672)?,
        forward("to-redis", "service/redis", redis, 6379)?,
    ];
    let session = Session {
        kubeconfig: installation.cluster.kubeconfig.clone(),
        kubectl: installation.cluster.kubectl.clone(),
        api: format!("http://127.0.0.1:{api}"),
        // As manifests/dev has them.
        broker_url: format!("amqp://subtitles:not-for-production@127.0.0.1:{broker}/%2f"),
        redis_url: format!("redis://default:not-for-production@127.0.0.1:{redis}/0"),
        library: options.context.is_none().then_some(library),
        helm: Some(HELM_4.find_or_build(&tell)?),
        has_models: false,
    };
    Ok((installation, forwards, session))
}

fn look_after(mut system: System) -> Result<()> {
    loop {
        thread::sleep(Duration::from_millis(500));
        for server in system.servers() {
            if let Some(status) = server.ended() {
                eprintln!("{} ended with {status}: starting it again", server.name);
                server.restart()?;
            }
        }
    }
}
