use olympi_datatype::Buffer;

fn send<B: Buffer + ?Sized>(buffer: &B) -> usize {
    buffer.items().len()
}

fn main() {
    send(&String::from("an object"));
    send(&vec![Some(1)]);
}
