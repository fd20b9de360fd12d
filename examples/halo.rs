//! Heat spreads over a plate. Each process has a tile of it; every step the edges of the tiles are exchanged
//! (a 2-D halo exchange), and at the end rank 0 paints the plate as `halo.png`.
//! Run: `cargo mpiexec -n 4 --example halo [SIDE] [STEPS]`

use olympi::prelude::*;

/// A tile of `rows` x `columns` cells, with a frame of one cell for the neighbours' edges.
struct Tile {
    rows: usize,
    columns: usize,
    cells: Vec<f64>,
}

impl Tile {
    fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns, cells: vec![0.0; (rows + 2) * (columns + 2)] }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.cells[row * (self.columns + 2) + column]
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        let width = self.columns + 2;
        self.cells[row * width + column] = value;
    }

    fn row(&self, row: usize) -> Vec<f64> {
        (1..=self.columns).map(|column| self.at(row, column)).collect()
    }

    fn column(&self, column: usize) -> Vec<f64> {
        (1..=self.rows).map(|row| self.at(row, column)).collect()
    }
}

/// Where this process's tile lies in the grid of tiles.
struct Place {
    down: i32,
    across: i32,
    row: i32,
    column: i32,
}

impl Place {
    /// The squarest grid of `size` tiles.
    fn of(rank: i32, size: i32) -> Self {
        let down = (1..=size).filter(|d| size % d == 0 && d * d <= size).max().unwrap_or(1);
        let across = size / down;
        Self { down, across, row: rank / across, column: rank % across }
    }

    /// The rank of the neighbour in a direction; nobody beyond the plate's rim.
    fn neighbour(&self, down: i32, across: i32) -> i32 {
        let (row, column) = (self.row + down, self.column + across);
        let inside = (0..self.down).contains(&row) && (0..self.across).contains(&column);
        if inside { row * self.across + column } else { PROC_NULL }
    }
}

fn main() -> Result<(), olympi::Error> {
    let mut words = std::env::args().skip(1).map(|word| word.parse::<usize>().expect("a number"));
    let (side, steps) = (words.next().unwrap_or(240), words.next().unwrap_or(2000));
    let universe = olympi::init()?;
    let comm = universe.world();
    let place = Place::of(comm.rank(), comm.size());
    let mut tile = Tile::new(side / place.down as usize, side / place.across as usize);

    let begin = universe.wtime();
    for _ in 0..steps {
        heat(&mut tile, &place);
        exchange(comm, &place, &mut tile)?;
        tile = spread(&tile);
    }
    let seconds = universe.wtime() - begin;

    let mine: Vec<f64> = (1..=tile.rows).flat_map(|row| tile.row(row)).collect();
    if comm.rank() != 0 {
        comm.send(&mine, 0, 0)?;
        return Ok(());
    }
    let (rows, columns) = (tile.rows * place.down as usize, tile.columns * place.across as usize);
    let mut plate = vec![0.0; rows * columns];
    for rank in 0..comm.size() {
        let data = if rank == 0 { mine.clone() } else { comm.recv_vec::<f64>(rank, 0)?.0 };
        let at = Place::of(rank, comm.size());
        let (top, left) = (at.row as usize * tile.rows, at.column as usize * tile.columns);
        for (row, line) in data.chunks(tile.columns).enumerate() {
            plate[(top + row) * columns + left..][..tile.columns].copy_from_slice(line);
        }
    }
    let warmth: f64 = plate.iter().sum::<f64>() / plate.len() as f64;
    println!("{steps} steps of {rows} x {columns} cells in {seconds:.3} s, mean warmth {warmth:.6}");
    paint("halo.png", columns, rows, &plate).expect("halo.png can be written");
    println!("painted halo.png");
    Ok(())
}

/// The plate's upper rim and a spot in each tile's middle stay hot.
fn heat(tile: &mut Tile, place: &Place) {
    if place.row == 0 {
        (1..=tile.columns).for_each(|column| tile.set(1, column, 1.0));
    }
    tile.set(tile.rows / 2 + 1, tile.columns / 2 + 1, 1.0);
}

/// Each edge goes to the neighbour beyond it; each frame is filled from there.
fn exchange(comm: &Communicator, place: &Place, tile: &mut Tile) -> Result<(), olympi::Error> {
    let (rows, columns) = (tile.rows, tile.columns);
    for (down, across) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
        let (to, from) = (place.neighbour(down, across), place.neighbour(-down, -across));
        let edge = match (down, across) {
            (-1, _) => tile.row(1),
            (1, _) => tile.row(rows),
            (_, -1) => tile.column(1),
            _ => tile.column(columns),
        };
        let mut frame = vec![0.0; edge.len()];
        comm.sendrecv(&edge, to, 0, &mut frame, from, 0)?;
        for (i, &value) in frame.iter().enumerate() {
            match (down, across) {
                (-1, _) => tile.set(rows + 1, i + 1, value),
                (1, _) => tile.set(0, i + 1, value),
                (_, -1) => tile.set(i + 1, columns + 1, value),
                _ => tile.set(i + 1, 0, value),
            }
        }
    }
    Ok(())
}

/// One step of the heat equation.
fn spread(tile: &Tile) -> Tile {
    let mut next = Tile::new(tile.rows, tile.columns);
    for row in 1..=tile.rows {
        for column in 1..=tile.columns {
            let around = tile.at(row - 1, column)
                + tile.at(row + 1, column)
                + tile.at(row, column - 1)
                + tile.at(row, column + 1);
            next.set(row, column, tile.at(row, column) + 0.2 * (around - 4.0 * tile.at(row, column)));
        }
    }
    next
}

/// Black for cold, through red and yellow, to white for hot.
fn paint(path: &str, width: usize, height: usize, plate: &[f64]) -> Result<(), Box<dyn std::error::Error>> {
    let file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut encoder = png::Encoder::new(file, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(png::ColorType::Rgb);
    let shade = |x: f64| (x.clamp(0.0, 1.0) * 255.0) as u8;
    let colour = |&x: &f64| {
        let x = x.sqrt() * 3.0;
        [shade(x), shade(x - 1.0), shade(x - 2.0)]
    };
    let pixels: Vec<u8> = plate.iter().flat_map(colour).collect();
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(())
}
