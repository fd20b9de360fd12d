/* ranks: 1 2 3 4 6 */
/* Grids and graphs of ranks, and what is wrong. */
#include <assert.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;

static int kind(MPI_Comm comm)
{
    int kind;
    assert(MPI_Topo_test(comm, &kind) == MPI_SUCCESS);
    return kind;
}

static void grids(void)
{
    MPI_Comm grid, row, copy;
    int dims[2] = { 0, 0 }, periods[2] = { 1, 0 }, coords[2], got[2], goes[2], n, r, up, down, left, right;
    int remain[2] = { 0, 1 };
    assert(MPI_Dims_create(size, 2, dims) == MPI_SUCCESS && dims[0] * dims[1] == size && dims[0] >= dims[1]);
    assert(MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid) == MPI_SUCCESS);
    assert(kind(grid) == MPI_CART && kind(MPI_COMM_WORLD) == MPI_UNDEFINED);
    MPI_Cartdim_get(grid, &n);
    assert(n == 2);
    MPI_Cart_get(grid, 2, got, goes, coords);
    assert(got[0] == dims[0] && got[1] == dims[1] && goes[0] == 1 && goes[1] == 0);
    assert(coords[0] == rank / dims[1] && coords[1] == rank % dims[1]);
    MPI_Cart_rank(grid, coords, &r);
    assert(r == rank);
    coords[0] += dims[0];
    MPI_Cart_rank(grid, coords, &r);
    assert(r == rank);
    coords[0] -= 2 * dims[0];
    MPI_Cart_rank(grid, coords, &r);
    assert(r == rank);
    coords[1] = dims[1];
    assert(MPI_Cart_rank(grid, coords, &r) == MPI_ERR_ARG);
    MPI_Cart_coords(grid, size - 1, 2, coords);
    assert(coords[0] == dims[0] - 1 && coords[1] == dims[1] - 1);
    MPI_Cart_shift(grid, 0, 1, &up, &down);
    MPI_Cart_shift(grid, 1, 1, &left, &right);
    assert(down == (rank + dims[1]) % size && up == (rank + size - dims[1]) % size);
    assert(left == (rank % dims[1] ? rank - 1 : MPI_PROC_NULL));
    assert(right == (rank % dims[1] < dims[1] - 1 ? rank + 1 : MPI_PROC_NULL));
    assert(MPI_Cart_sub(grid, remain, &row) == MPI_SUCCESS);
    MPI_Cart_get(row, 1, got, goes, coords);
    assert(got[0] == dims[1] && goes[0] == 0 && coords[0] == rank % dims[1]);
    MPI_Comm_dup(row, &copy);
    assert(kind(copy) == MPI_CART);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&row);
    remain[1] = 0;
    MPI_Cart_sub(grid, remain, &row);
    MPI_Cartdim_get(row, &n);
    assert(n == 0 && MPI_Cart_rank(row, NULL, &r) == MPI_SUCCESS && r == 0);
    MPI_Comm_free(&row);
    MPI_Comm_free(&grid);

    /* Reordered, as it was said to be. */
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 1, &grid);
    MPI_Comm_rank(grid, &n);
    assert(MPI_Cart_map(MPI_COMM_WORLD, 2, dims, periods, &r) == MPI_SUCCESS && r == n);
    MPI_Comm_free(&grid);
    /* Who finds no place, and the grid of one place without dimensions. */
    MPI_Cart_create(MPI_COMM_WORLD, 0, NULL, NULL, 0, &grid);
    assert((grid == MPI_COMM_NULL) == (rank != 0));
    assert(MPI_Cart_map(MPI_COMM_WORLD, 0, NULL, NULL, &r) == MPI_SUCCESS && r == (rank ? MPI_UNDEFINED : 0));
    if (rank == 0) {
        MPI_Cart_get(grid, 0, NULL, NULL, NULL);
        assert(MPI_Cart_shift(grid, 0, 1, &up, &down) == MPI_ERR_DIMS);
        MPI_Comm_free(&grid);
    }
}

static void wrong_grids(void)
{
    MPI_Comm grid;
    int dims[2], periods[2] = { 0, 0 }, coords[2], r;
    dims[0] = size, dims[1] = 1;
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid);
    assert(MPI_Cart_coords(grid, size, 2, coords) == MPI_ERR_RANK);
    assert(MPI_Cart_coords(grid, 0, 1, coords) == MPI_ERR_DIMS);
    assert(MPI_Cart_coords(grid, 0, 2, NULL) == MPI_ERR_ARG);
    assert(MPI_Cart_get(grid, 1, dims, periods, coords) == MPI_ERR_DIMS);
    assert(MPI_Cart_shift(grid, 2, 1, &r, &r) == MPI_ERR_DIMS && MPI_Cart_shift(grid, -1, 1, &r, &r) == MPI_ERR_DIMS);
    assert(MPI_Cart_shift(grid, 0, 1, NULL, &r) == MPI_ERR_ARG);
    assert(MPI_Cart_rank(grid, NULL, &r) == MPI_ERR_ARG);
    assert(MPI_Graphdims_get(grid, &r, &r) == MPI_ERR_TOPOLOGY);
    assert(MPI_Dist_graph_neighbors_count(grid, &r, &r, &r) == MPI_ERR_TOPOLOGY);
    MPI_Comm_free(&grid);
    assert(MPI_Cartdim_get(MPI_COMM_WORLD, &r) == MPI_ERR_TOPOLOGY);
    assert(MPI_Cart_sub(MPI_COMM_WORLD, coords, &grid) == MPI_ERR_TOPOLOGY && grid == MPI_COMM_NULL);
    assert(MPI_Cart_create(MPI_COMM_NULL, 2, dims, periods, 0, &grid) == MPI_ERR_COMM);
    assert(MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, NULL) == MPI_ERR_ARG);
    assert(MPI_Cart_create(MPI_COMM_WORLD, 2, NULL, periods, 0, &grid) == MPI_ERR_ARG);
    assert(MPI_Cart_create(MPI_COMM_WORLD, -1, dims, periods, 0, &grid) == MPI_ERR_DIMS);
    dims[1] = 2;
    assert(MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid) == MPI_ERR_DIMS);
    dims[1] = 0;
    assert(MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid) == MPI_ERR_DIMS);
    assert(MPI_Topo_test(MPI_COMM_NULL, &r) == MPI_ERR_COMM);
    dims[0] = 4;
    assert(MPI_Dims_create(6, 2, dims) == MPI_ERR_DIMS);
    dims[0] = -1;
    assert(MPI_Dims_create(6, 2, dims) == MPI_ERR_DIMS && MPI_Dims_create(6, -1, dims) == MPI_ERR_DIMS);
    assert(MPI_Dims_create(6, 1, NULL) == MPI_ERR_ARG);
}

static void graphs(void)
{
    int *index = malloc(size * sizeof *index), *edges = malloc(2 * size * sizeof *edges), i, n, m, two[2];
    MPI_Comm graph, copy;
    for (i = 0; i < size; i++) {
        index[i] = 2 * (i + 1);
        edges[2 * i] = (i + size - 1) % size;
        edges[2 * i + 1] = (i + 1) % size;
    }
    assert(MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 1, &graph) == MPI_SUCCESS);
    assert(kind(graph) == MPI_GRAPH);
    MPI_Graphdims_get(graph, &n, &m);
    assert(n == size && m == 2 * size);
    memset(index, 0, size * sizeof *index);
    assert(MPI_Graph_get(graph, size, 2 * size, index, edges) == MPI_SUCCESS && index[size - 1] == 2 * size);
    assert(MPI_Graph_get(graph, size, 2 * size - 1, index, edges) == MPI_ERR_ARG);
    MPI_Graph_neighbors_count(graph, size - 1, &n);
    MPI_Graph_neighbors(graph, size - 1, 2, two);
    assert(n == 2 && two[0] == (2 * size - 2) % size && two[1] == 0);
    assert(MPI_Graph_neighbors(graph, size, 2, two) == MPI_ERR_RANK);
    assert(MPI_Graph_neighbors_count(graph, -1, &n) == MPI_ERR_RANK);
    MPI_Comm_dup(graph, &copy);
    assert(kind(copy) == MPI_GRAPH && MPI_Cartdim_get(copy, &n) == MPI_ERR_TOPOLOGY);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&graph);
    MPI_Graph_map(MPI_COMM_WORLD, size, index, edges, &n);
    assert(n == rank);
    /* The first alone, with an edge to itself. */
    index[0] = 1, edges[0] = 0;
    MPI_Graph_map(MPI_COMM_WORLD, 1, index, edges, &n);
    assert(n == (rank ? MPI_UNDEFINED : 0));
    MPI_Graph_create(MPI_COMM_WORLD, 1, index, edges, 0, &graph);
    assert((graph == MPI_COMM_NULL) == (rank != 0));
    if (rank == 0)
        MPI_Comm_free(&graph);
    MPI_Graph_create(MPI_COMM_WORLD, 0, NULL, NULL, 0, &graph);
    assert(graph == MPI_COMM_NULL);
    edges[0] = size;
    assert(MPI_Graph_create(MPI_COMM_WORLD, 1, index, edges, 0, &graph) == MPI_ERR_TOPOLOGY);
    index[0] = -1;
    assert(MPI_Graph_create(MPI_COMM_WORLD, 1, index, edges, 0, &graph) == MPI_ERR_TOPOLOGY);
    assert(MPI_Graph_create(MPI_COMM_WORLD, -1, index, edges, 0, &graph) == MPI_ERR_ARG);
    assert(MPI_Graph_get(MPI_COMM_WORLD, 1, 1, index, edges) == MPI_ERR_TOPOLOGY);
    free(index);
    free(edges);
}

static void distributed(void)
{
    int before = (rank + size - 1) % size, after = (rank + 1) % size;
    int from[2], to[2], weights[2] = { 7, 8 }, in, out, weighted, got[4], got_weights[4], degree;
    MPI_Comm graph;
    MPI_Info info;
    from[0] = to[1] = before, from[1] = to[0] = after;
    assert(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 2, from, weights, 2, to, weights, MPI_INFO_NULL, 0, &graph)
           == MPI_SUCCESS);
    assert(kind(graph) == MPI_DIST_GRAPH);
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    assert(in == 2 && out == 2 && weighted);
    MPI_Dist_graph_neighbors(graph, 1, got, got_weights, 2, got + 1, got_weights + 1);
    assert(got[0] == before && got[1] == after && got[2] == before);
    assert(got_weights[0] == 7 && got_weights[1] == 7 && got_weights[2] == 8);
    assert(MPI_Dist_graph_neighbors(graph, -1, got, got_weights, 2, got, got_weights) == MPI_ERR_ARG);
    MPI_Comm_free(&graph);

    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 2, from, MPI_UNWEIGHTED, 0, NULL, MPI_UNWEIGHTED, MPI_INFO_NULL,
                                   0, &graph);
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    assert(in == 2 && out == 0 && !weighted);
    got_weights[0] = -5;
    MPI_Dist_graph_neighbors(graph, 2, got, got_weights, 0, NULL, MPI_UNWEIGHTED);
    assert(got[1] == after && got_weights[0] == -5);
    MPI_Comm_free(&graph);
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 0, NULL, MPI_WEIGHTS_EMPTY, 0, NULL, MPI_WEIGHTS_EMPTY,
                                   MPI_INFO_NULL, 0, &graph);
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    assert(in == 0 && out == 0 && weighted);
    MPI_Dist_graph_neighbors(graph, 0, NULL, MPI_WEIGHTS_EMPTY, 0, NULL, MPI_WEIGHTS_EMPTY);
    MPI_Comm_free(&graph);

    /* Each tells of its successor's edge to the next but one. */
    degree = 1;
    from[0] = after, to[0] = (rank + 2) % size;
    weights[0] = rank;
    MPI_Info_create(&info);
    MPI_Info_set(info, "k", "v");
    MPI_Dist_graph_create(MPI_COMM_WORLD, 1, from, &degree, to, weights, info, 0, &graph);
    MPI_Info_free(&info);
    MPI_Comm_get_info(graph, &info);
    MPI_Info_get_nkeys(info, &in);
    assert(in == 1);
    MPI_Info_free(&info);
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    assert(in == 1 && out == 1 && weighted);
    MPI_Dist_graph_neighbors(graph, 1, got, got_weights, 1, got + 1, got_weights + 1);
    assert(got[0] == before && got[1] == after && got_weights[1] == before);
    MPI_Comm_free(&graph);
    MPI_Dist_graph_create(MPI_COMM_WORLD, 1, from, &degree, to, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &graph);
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    assert(in == 1 && out == 1 && !weighted);
    MPI_Comm_free(&graph);
    MPI_Dist_graph_create(MPI_COMM_WORLD, 0, NULL, NULL, NULL, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &graph);
    MPI_Comm_free(&graph);

    assert(MPI_Dist_graph_create(MPI_COMM_WORLD, -1, from, &degree, to, weights, MPI_INFO_NULL, 0, &graph)
           == MPI_ERR_ARG);
    to[0] = size;
    assert(MPI_Dist_graph_create(MPI_COMM_WORLD, 1, from, &degree, to, weights, MPI_INFO_NULL, 0, &graph)
           == MPI_ERR_RANK);
    weights[0] = -1;
    to[0] = 0;
    assert(MPI_Dist_graph_create(MPI_COMM_WORLD, 1, from, &degree, to, weights, MPI_INFO_NULL, 0, &graph)
           == MPI_ERR_ARG);
    assert(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, from, MPI_UNWEIGHTED, 0, NULL, MPI_WEIGHTS_EMPTY,
                                          MPI_INFO_NULL, 0, &graph) == MPI_ERR_TOPOLOGY);
    assert(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, from, MPI_WEIGHTS_EMPTY, 0, NULL, MPI_WEIGHTS_EMPTY,
                                          MPI_INFO_NULL, 0, &graph) == MPI_ERR_ARG);
    assert(MPI_Dist_graph_neighbors_count(MPI_COMM_WORLD, &in, &out, &weighted) == MPI_ERR_TOPOLOGY);
}

static void between(void)
{
    MPI_Comm side, across, grid;
    int color = rank > 0, one = 1, n;
    if (size == 1)
        return;
    MPI_Comm_split(MPI_COMM_WORLD, color, 0, &side);
    MPI_Intercomm_create(side, 0, MPI_COMM_WORLD, !color, 1, &across);
    MPI_Comm_set_errhandler(across, MPI_ERRORS_RETURN);
    assert(MPI_Cart_create(across, 1, &one, &one, 0, &grid) == MPI_ERR_COMM);
    assert(MPI_Graph_create(across, 0, NULL, NULL, 0, &grid) == MPI_ERR_COMM);
    assert(MPI_Dist_graph_create(across, 0, NULL, NULL, NULL, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &grid) == MPI_ERR_COMM);
    assert(MPI_Cart_map(across, 1, &one, &one, &n) == MPI_ERR_COMM);
    assert(kind(across) == MPI_UNDEFINED);
    MPI_Comm_free(&across);
    MPI_Comm_free(&side);
}

int main(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    grids();
    wrong_grids();
    graphs();
    distributed();
    between();
    MPI_Finalize();
    return 0;
}
