//! Random traffic among many ranks over a simulated network: what arrives is what was sent, in its order, whatever
//! the network can do, delays or refuses, and by whichever calls it is sent and received.

mod harness;

use harness::plan::{Awaited, LONGEST, Message, PER_RANK, Plan, Style, plan};
use harness::simulated::{Rank, simulate};
use olympi_comm::{
    ANY_SOURCE, ANY_TAG, Communicator, Error, PROC_NULL, Persistent, RecvError, Request, Status, test_all,
    wait_any, wait_some,
};
use olympi_sim::{NetworkConfig, Rng, with_seeds};

#[test]
fn random_traffic_arrives_whole_and_in_order() {
    with_seeds(40, |seed| {
        let ranks = [2, 3, 5, 8][(seed % 4) as usize];
        let all = NetworkConfig::all();
        let network = all[(seed % all.len() as u64) as usize].clone();
        let taken = simulate(seed, ranks, network, move |rank| {
            rank.universe.attach_buffer(8 << 20).unwrap();
            let taken: usize = (0..3).map(|round| play(rank, &plan(seed * 8 + round, ranks), seed)).sum();
            assert_eq!(rank.universe.detach_buffer().unwrap(), 8 << 20);
            taken
        });
        assert_eq!(taken.into_iter().sum::<usize>(), 3 * PER_RANK * ranks as usize);
    });
}

/// Slow networks: everything is under way for long, and ends come late.
#[test]
fn delays_change_nothing() {
    with_seeds(8, |seed| {
        let slow = NetworkConfig {
            delay: 0..=3000,
            rma_delay: 0..=3000,
            done_delay: 0..=2000,
            connect_delay: 500..=1000,
            ..NetworkConfig::all()[((seed + 1) % 5) as usize].clone()
        };
        simulate(seed, 3, slow, move |rank| {
            rank.universe.attach_buffer(8 << 20).unwrap();
            play(rank, &plan(seed, 3), seed);
        });
    });
}

/// A tag that nobody sends.
const NEVER: i32 = 77;

/// One round of a rank; gives how many messages came.
fn play(rank: &Rank<'_>, plan: &Plan, seed: u64) -> usize {
    let world = rank.world;
    let mut rng = Rng::new(seed ^ (rank.me as u64) << 32);
    let [mut buffers, mut objects] = [false, true].map(|object| Awaited::new(rank, plan, true, object));
    let early: Vec<_> = plan.messages.iter().filter(|m| m.to == rank.me && m.early).collect();
    let ask = |message: &Message| match plan.styles[rank.me as usize] {
        Style::Exact => (message.from, message.tag),
        Style::AnySource => (ANY_SOURCE, message.tag),
        Style::AnyTag => (message.from, ANY_TAG),
        Style::Any => (ANY_SOURCE, ANY_TAG),
    };
    let mut waiting_objects = Vec::new();
    for message in early.iter().filter(|m| m.object) {
        let asked = ask(message);
        waiting_objects.push((asked, world.irecv_object(asked.0, asked.1).unwrap()));
    }
    let early: Vec<_> = early.into_iter().filter(|m| !m.object).collect();
    let mut sends = Vec::new();
    if rng.chance(1, 3) {
        let mut rooms: Vec<_> = early.iter().map(|m| vec![0xEE; room(m)]).collect();
        let outcomes = world.scope(|scope| {
            let mut requests = Vec::new();
            for (message, room) in early.iter().zip(&mut rooms) {
                let asked = ask(message);
                requests.push(scope.irecv(room, asked.0, asked.1)?);
            }
            sends = send_all(rank, plan);
            Ok(requests.into_iter().map(|request| request.wait()).collect::<Vec<_>>())
        });
        for ((message, room), outcome) in early.iter().zip(&rooms).zip(outcomes.unwrap()) {
            buffers.check_room(ask(message), room, outcome);
        }
    } else {
        let posted: Vec<_> = early.iter().map(|m| (ask(m), Posted::new(world, m, ask(m)))).collect();
        sends = send_all(rank, plan);
        posted.into_iter().for_each(|(asked, posted)| posted.end(asked, &mut buffers));
    }
    for (asked, request) in waiting_objects {
        let (object, status) = request.wait().unwrap();
        objects.check_object(asked, &status, &object);
    }
    receive_late(rank, plan, &mut rng);
    end_sends(sends, &mut rng);
    assert!(world.iprobe(ANY_SOURCE, ANY_TAG).unwrap().is_none(), "something came that nobody sent");
    assert!(world.iprobe_object(ANY_SOURCE, ANY_TAG).unwrap().is_none());
    rank.meet();
    plan.messages.iter().filter(|m| m.to == rank.me).count()
}

/// How much room its receive has; sometimes less than it needs.
fn room(message: &Message) -> usize {
    if message.receive.is_multiple_of(5) { message.receive % 3000 } else { LONGEST }
}

/// A receive that was posted before anyone sends.
enum Posted {
    Into(usize, Request<(Vec<u8>, Status)>),
    Vec(Request<(Vec<u8>, Status)>),
    Persistent(Persistent<u8>),
}

impl Posted {
    fn new(world: &Communicator, message: &Message, (source, tag): (i32, i32)) -> Self {
        let room = room(message);
        match message.receive % 3 {
            0 => Self::Into(room, world.irecv(vec![0xEE; room], source, tag).unwrap()),
            1 => Self::Vec(world.irecv_vec(source, tag).unwrap()),
            _ => {
                let mut receive = world.recv_init(vec![0xEE; room], source, tag).unwrap();
                receive.start().unwrap();
                Self::Persistent(receive)
            }
        }
    }

    fn end(self, asked: (i32, i32), buffers: &mut Awaited) {
        match self {
            Self::Into(room, request) => match request.wait() {
                Ok((data, status)) => {
                    assert!(data[status.bytes()..].iter().all(|&byte| byte == 0xEE), "written past the end");
                    buffers.check(asked, &status, &data);
                }
                // The prefix is lost with the vector; that the right message was cut is seen.
                Err(Error::Recv(RecvError::Truncated { source_rank, tag, sent, .. })) => {
                    let message = buffers.take(asked, (source_rank, tag));
                    assert!(sent == message.len && sent > room);
                }
                Err(error) => panic!("{error}"),
            },
            Self::Vec(mut request) => loop {
                if let Some((data, status)) = request.test().unwrap() {
                    assert_eq!(data.len(), status.bytes());
                    break buffers.check(asked, &status, &data);
                }
            },
            Self::Persistent(mut request) => {
                let outcome = request.wait();
                buffers.check_room(asked, request.buffer().unwrap(), outcome);
            }
        }
    }
}

/// Sends everything of this rank in order, after all have posted what they post first.
fn send_all(rank: &Rank<'_>, plan: &Plan) -> Vec<Sending> {
    rank.meet();
    let own = plan.messages.iter().filter(|message| message.from == rank.me);
    own.filter_map(|message| send(rank.world, message)).collect()
}

/// A send to be waited for.
enum Sending {
    Vec(Request<Vec<u8>>, Message),
    Object(Request<()>),
    Persistent(Persistent<u8>),
}

fn send(world: &Communicator, message: &Message) -> Option<Sending> {
    let (to, tag, bytes) = (message.to, message.tag, message.bytes());
    if message.object {
        let object = message.object();
        match message.send % if message.early { 6 } else { 3 } {
            0 => return Some(Sending::Object(world.isend_object(&object, to, tag).unwrap())),
            1 => return Some(Sending::Object(world.issend_object(&object, to, tag).unwrap())),
            2 => world.bsend_object(&object, to, tag).unwrap(),
            3 => world.send_object(&object, to, tag).unwrap(),
            4 => world.ssend_object(&object, to, tag).unwrap(),
            _ => world.rsend_object(&object, to, tag).unwrap(),
        }
        return None;
    }
    // Late messages are sent without waiting: their receivers wait for others first.
    let request = match message.send % if message.early { 16 } else { 9 } {
        0 => world.isend(bytes, to, tag),
        1 => world.issend(bytes, to, tag),
        2 => world.ibsend(bytes, to, tag),
        3 => {
            world.bsend(&bytes, to, tag).unwrap();
            return None;
        }
        4 => {
            drop(world.isend(bytes, to, tag).unwrap()); // It runs on.
            return None;
        }
        5 => {
            drop(world.issend(bytes, to, tag).unwrap());
            return None;
        }
        kind @ 6..=8 => {
            let mut request = match kind {
                6 => world.send_init(bytes, to, tag),
                7 => world.ssend_init(bytes, to, tag),
                _ => world.bsend_init(bytes, to, tag),
            }
            .unwrap();
            request.start().unwrap();
            return Some(Sending::Persistent(request));
        }
        9 => world.irsend(bytes, to, tag),
        kind => {
            match kind {
                10 => world.send(&bytes, to, tag).unwrap(),
                11 => world.ssend(&bytes, to, tag).unwrap(),
                12 => world.rsend(&bytes, to, tag).unwrap(),
                13 => {
                    let none = world.sendrecv(&bytes, to, tag, &mut [0_u8; 0], PROC_NULL, 0).unwrap();
                    assert_eq!(none.source(), PROC_NULL);
                }
                14 => world.scope(|scope| scope.issend(&bytes, to, tag)?.wait().map(drop)).unwrap(),
                _ => world
                    .scope(|scope| scope.isend(&bytes, to, tag).map(|_| ()).map_err(Error::from))
                    .unwrap(),
            }
            return None;
        }
    };
    Some(Sending::Vec(request.unwrap(), message.clone()))
}

fn end_sends(sends: Vec<Sending>, rng: &mut Rng) {
    let (mut vectors, mut messages) = (Vec::new(), Vec::new());
    for sending in sends {
        match sending {
            Sending::Vec(request, message) => {
                vectors.push(request);
                messages.push(message);
            }
            Sending::Object(request) => request.wait().unwrap(),
            Sending::Persistent(mut request) => drop(request.wait().unwrap()),
        }
    }
    let whole = |at: usize, data: Vec<u8>| assert!(data == messages[at].bytes(), "a send changed its buffer");
    match rng.below(3) {
        0 => {
            while let Some((at, data)) = wait_any(&mut vectors).unwrap() {
                whole(at, data);
            }
        }
        1 => loop {
            let some = wait_some(&mut vectors).unwrap();
            if some.is_empty() {
                break;
            }
            some.into_iter().for_each(|(at, data)| whole(at, data));
        },
        _ => loop {
            if let Some(all) = test_all(&mut vectors).unwrap() {
                break all.into_iter().enumerate().for_each(|(at, data)| whole(at, data));
            }
        },
    }
}

/// Receives, one at a time, what no receive was posted for.
fn receive_late(rank: &Rank<'_>, plan: &Plan, rng: &mut Rng) {
    let world = rank.world;
    let mut buffers = Awaited::new(rank, plan, false, false);
    let mut objects = Awaited::new(rank, plan, false, true);
    loop {
        let next = if rng.chance(1, 2) { buffers.any(rng) } else { objects.any(rng) };
        let Some(message) = next.or_else(|| buffers.any(rng)).or_else(|| objects.any(rng)) else { break };
        let source = if rng.chance(1, 3) { ANY_SOURCE } else { message.from };
        let tag = if rng.chance(1, 3) { ANY_TAG } else { message.tag };
        if message.object {
            receive_object(world, (source, tag), &mut objects, rng.below(6));
        } else {
            receive_buffer(world, (source, tag), &mut buffers, rng);
        }
    }
    let mut never = world.irecv_vec::<u8>(ANY_SOURCE, NEVER).unwrap();
    assert!(never.cancel().unwrap(), "nobody sends this tag");
    assert!(never.wait().unwrap().1.is_cancelled());
}

fn receive_buffer(world: &Communicator, asked: (i32, i32), buffers: &mut Awaited, rng: &mut Rng) {
    let (source, tag) = asked;
    let mut room = vec![0xEE; if rng.chance(1, 4) { rng.below(3000) } else { LONGEST }];
    match rng.below(10) {
        0 => {
            let (data, status) = world.recv_vec::<u8>(source, tag).unwrap();
            buffers.check(asked, &status, &data);
        }
        1 => {
            let outcome = world.recv_into(&mut room, source, tag).map_err(Error::from);
            buffers.check_room(asked, &room, outcome);
        }
        2 => {
            let probed = world.probe(source, tag).unwrap();
            let mut exact = vec![0; probed.bytes()];
            let status = world.recv_into(&mut exact, probed.source(), probed.tag()).unwrap();
            assert_eq!(status, probed);
            buffers.check(asked, &status, &exact);
        }
        3 => {
            let probed = loop {
                if let Some(probed) = world.iprobe(source, tag).unwrap() {
                    break probed;
                }
            };
            let (data, status) = world.recv_vec::<u8>(source, tag).unwrap();
            assert_eq!(status.bytes(), data.len());
            if source != ANY_SOURCE {
                assert_eq!(status, probed);
            }
            buffers.check(asked, &status, &data);
        }
        4 => {
            let message = world.mprobe(source, tag).unwrap();
            let (data, status) = message.recv_vec::<u8>().unwrap();
            buffers.check(asked, &status, &data);
        }
        5 => {
            let message = loop {
                if let Some(message) = world.improbe(source, tag).unwrap() {
                    break message;
                }
            };
            let outcome = message.recv_into(&mut room).map_err(Error::from);
            buffers.check_room(asked, &room, outcome);
        }
        6 => {
            let message = world.mprobe(source, tag).unwrap();
            let status = message.status();
            let (data, received) = message.irecv(vec![0_u8; status.bytes()]).unwrap().wait().unwrap();
            assert_eq!(status, received);
            buffers.check(asked, &status, &data);
        }
        7 => {
            let message = world.mprobe(source, tag).unwrap();
            let status = message.status();
            drop(message); // The message is gone; its sender is none the wiser.
            assert_eq!(buffers.take(asked, (status.source(), status.tag())).len, status.bytes());
        }
        8 => {
            let mut request = world.irecv_vec::<u8>(source, tag).unwrap();
            let cancelled = request.cancel().unwrap();
            let (data, status) = request.wait().unwrap();
            assert_eq!(status.is_cancelled(), cancelled);
            if !cancelled {
                buffers.check(asked, &status, &data);
            }
        }
        _ => {
            let outcome = world.scope(|scope| scope.irecv(&mut room, source, tag)?.wait());
            buffers.check_room(asked, &room, outcome);
        }
    }
}

fn receive_object(world: &Communicator, asked: (i32, i32), objects: &mut Awaited, how: usize) {
    let (source, tag) = asked;
    let (object, status) = match how {
        0 => world.recv_object(source, tag).unwrap(),
        1 => world.irecv_object(source, tag).unwrap().wait().unwrap(),
        2 => {
            let probed = world.probe_object(source, tag).unwrap();
            world.recv_object(probed.source(), probed.tag()).unwrap()
        }
        3 => world.mprobe_object(source, tag).unwrap().recv().unwrap(),
        4 => loop {
            if let Some(message) = world.improbe_object(source, tag).unwrap() {
                break message.irecv().unwrap().wait().unwrap();
            }
        },
        _ => match world.recv_object::<Vec<f64>>(source, tag).unwrap_err() {
            RecvError::Decode { source_rank, tag, .. } => {
                objects.take(asked, (source_rank, tag));
                return;
            }
            error => panic!("{error}"),
        },
    };
    objects.check_object(asked, &status, &object);
}
