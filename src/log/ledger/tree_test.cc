#include "log/ledger/tree.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.h"
#include "base/simulated_files.h"
#include "log/ledger/hash_store.h"

namespace firebreak::ledger {
namespace {

Hashes leaves_of(std::uint64_t count) {
  Hashes leaves;
  for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("leaf " + std::to_string(i)));
  return leaves;
}

Tree tree_of(std::span<const Digest> leaves) {
  Tree tree;
  for (const Digest& leaf : leaves) tree.append(leaf);
  return tree;
}

// Enough for three levels of tiles.
std::span<const Digest> many_leaves(std::uint64_t count) {
  static const Hashes leaves = leaves_of(70'000);
  return std::span(leaves).first(count);
}

// The definitions of RFC 6962 §2.1, word by word.
Digest naive_root(std::span<const Digest> leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_hash(naive_root(leaves.first(k)), naive_root(leaves.subspan(k)));
}

Hashes naive_path(std::size_t index, std::span<const Digest> leaves) {
  if (leaves.size() <= 1) return {};
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  const bool left = index < k;
  Hashes path = left ? naive_path(index, leaves.first(k)) : naive_path(index - k, leaves.subspan(k));
  path.push_back(naive_root(left ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

Hashes naive_subproof(std::size_t old_size, std::span<const Digest> leaves, bool whole) {
  if (old_size == leaves.size()) return whole ? Hashes{} : Hashes{naive_root(leaves)};
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  const bool left = old_size <= k;
  Hashes proof = left ? naive_subproof(old_size, leaves.first(k), whole)
                      : naive_subproof(old_size - k, leaves.subspan(k), false);
  proof.push_back(naive_root(left ? leaves.subspan(k) : leaves.first(k)));
  return proof;
}

// transparency-dev/merkle, testonly/constants.go: eight leaves and the roots of the first n of them.
TEST(Tree, has_the_published_roots) {
  const std::vector<std::string> leaves = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                          "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  Tree tree;
  EXPECT_EQ(tree.root().hex(), roots[0]);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    tree.append(leaf_hash(*from_hex(leaves[i])));
    EXPECT_EQ(tree.root().hex(), roots[i + 1]) << i + 1 << " leaves";
    for (std::uint64_t n = 0; n <= i + 1; ++n) EXPECT_EQ(tree.root_at(n)->hex(), roots[n]);
  }
}

TEST(Tree, names_tiles_and_bundles_as_c2sp_does) {
  EXPECT_EQ(tile_path(0, 1234067, 256), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path(1, 0, 17), "tile/1/000.p/17");
  EXPECT_EQ(bundle_path(273, 112), "tile/entries/273.p/112");
  EXPECT_EQ(bundle_path(1000, 256), "tile/entries/x001/000");
}

TEST(Tree, fills_tiles_as_the_specification_counts_them) {
  const Tree tree = tree_of(leaves_of(70'000));
  EXPECT_EQ(tree.tile(0, 272, 256)->size(), 8'192U);
  EXPECT_EQ(tree.tile(0, 273, 112)->size(), 112U * 32);
  EXPECT_FALSE(tree.tile(0, 273, 113));
  EXPECT_TRUE(tree.tile(1, 1, 17));
  EXPECT_FALSE(tree.tile(1, 1, 18));
  EXPECT_TRUE(tree.tile(2, 0, 1));
  EXPECT_FALSE(tree.tile(2, 0, 2));
  EXPECT_FALSE(tree.tile(3, 0, 1));
  EXPECT_FALSE(tree.tile(0, ~std::uint64_t{0}, 1));
  EXPECT_EQ(tree.inclusion_proof(5, 70'000)->size(), 17U);
}

TEST(Tree, a_tile_of_the_next_level_holds_the_roots_of_full_tiles) {
  const Hashes leaves = leaves_of(600);
  const Tree tree = tree_of(leaves);
  const Bytes tile = *tree.tile(1, 0, 2);
  for (std::size_t n = 0; n < 2; ++n) {
    EXPECT_EQ(Digest::from_bytes(ByteView(tile).substr(n * 32, 32)),
              naive_root(std::span(leaves).subspan(n * 256, 256)));
  }
}

RC_GTEST_PROP(Tree, agrees_with_the_definitions_at_every_size, ()) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 1'200);
  const auto at = *rc::gen::inRange<std::uint64_t>(1, size + 1);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, at);
  const Hashes leaves = leaves_of(size);
  const Tree tree = tree_of(leaves);
  const auto first = std::span(leaves).first(at);
  RC_ASSERT(*tree.root_at(at) == naive_root(first));
  RC_ASSERT(*tree.inclusion_proof(index, at) == naive_path(index, first));
  const Hashes consistency = at == size ? Hashes{} : naive_subproof(at, leaves, true);
  RC_ASSERT(*tree.consistency_proof(at, size) == consistency);
}

RC_GTEST_PROP(Tree, leaves_in_pieces_of_any_size_make_the_same_tree, ()) {
  const std::span<const Digest> leaves = many_leaves(*rc::gen::inRange<std::uint64_t>(0, 70'000));
  const Tree one_by_one = tree_of(leaves);
  Tree in_pieces;
  std::span<const Digest> left = leaves;
  while (!left.empty()) {
    const auto n = std::min(left.size(), *rc::gen::inRange<std::size_t>(0, 3'000));
    in_pieces.append(left.first(n));
    left = left.subspan(n);
  }
  RC_ASSERT(in_pieces.size() == one_by_one.size());
  RC_ASSERT(in_pieces.root() == one_by_one.root());
  if (leaves.empty()) return;
  const auto at = *rc::gen::inRange<std::uint64_t>(1, leaves.size() + 1);
  RC_ASSERT(*in_pieces.root_at(at) == *one_by_one.root_at(at));
  RC_ASSERT(*in_pieces.inclusion_proof(at - 1, leaves.size()) == *one_by_one.inclusion_proof(at - 1, leaves.size()));
}

// The store holds what memory held, at any mixture of growing, spilling and starting again.
RC_GTEST_PROP(Tree, a_tree_whose_hashes_were_moved_to_files_answers_as_before, ()) {
  const std::span<const Digest> leaves = many_leaves(*rc::gen::inRange<std::uint64_t>(1, 70'000));
  const Tree expected = tree_of(leaves);
  SimulatedFiles files;
  RC_ASSERT(files.make_dir("d").has_value());
  HashFiles store(files, "d/tree");
  Tree tree;
  std::span<const Digest> left = leaves;
  while (!left.empty()) {
    const auto n = std::min(left.size(), *rc::gen::inRange<std::size_t>(1, 9'000));
    tree.append(left.first(n));
    left = left.subspan(n);
    if (*rc::gen::inRange(0, 3) > 0) RC_ASSERT(tree.spill(store).has_value());
    if (tree.unspilled() == 0 && *rc::gen::inRange(0, 3) == 0) tree = *Tree::restore(store, tree.size());
  }
  const std::uint64_t size = leaves.size();
  const auto at = *rc::gen::inRange<std::uint64_t>(1, size + 1);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, at);
  RC_ASSERT(tree.root() == expected.root());
  RC_ASSERT(*tree.root_at(at) == *expected.root_at(at));
  RC_ASSERT(*tree.leaf_at(index) == leaves[index]);
  RC_ASSERT(*tree.inclusion_proof(index, at) == *expected.inclusion_proof(index, at));
  RC_ASSERT(*tree.consistency_proof(at, size) == *expected.consistency_proof(at, size));
  const std::uint64_t n = index / kTileWidth;
  const std::uint64_t width = std::min(kTileWidth, size - n * kTileWidth);
  RC_ASSERT(*tree.tile(0, n, width) == *expected.tile(0, n, width));
}

RC_GTEST_PROP(Tree, proofs_hold_for_what_they_prove_and_for_nothing_else, ()) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 700);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
  const auto old_size = *rc::gen::inRange<std::uint64_t>(1, size + 1);
  const Hashes leaves = leaves_of(size);
  const Tree tree = tree_of(leaves);
  const Digest root = tree.root(), old_root = *tree.root_at(old_size);

  Hashes proof = *tree.inclusion_proof(index, size);
  RC_ASSERT(verify_inclusion(leaves[index], index, size, proof, root));
  RC_ASSERT(!verify_inclusion(leaf_hash("other"), index, size, proof, root));
  RC_ASSERT(!verify_inclusion(leaves[index], size, size, proof, root));
  if (size > 1) RC_ASSERT(!verify_inclusion(leaves[index], (index + 1) % size, size, proof, root));
  Hashes longer = proof;
  longer.push_back(root);
  RC_ASSERT(!verify_inclusion(leaves[index], index, size, longer, root));
  if (!proof.empty()) {
    Hashes shorter(proof.begin(), proof.end() - 1);
    RC_ASSERT(!verify_inclusion(leaves[index], index, size, shorter, root));
    proof[*rc::gen::inRange<std::size_t>(0, proof.size())].bytes[5] ^= 1;
    RC_ASSERT(!verify_inclusion(leaves[index], index, size, proof, root));
  }

  Hashes growth = *tree.consistency_proof(old_size, size);
  RC_ASSERT(verify_consistency(old_size, old_root, size, root, growth));
  RC_ASSERT(!verify_consistency(old_size, leaf_hash("other"), size, root, growth));
  RC_ASSERT(!verify_consistency(old_size, old_root, size, leaf_hash("other"), growth));
  if (!growth.empty()) {
    growth[*rc::gen::inRange<std::size_t>(0, growth.size())].bytes[0] ^= 128;
    RC_ASSERT(!verify_consistency(old_size, old_root, size, root, growth));
  }
}

TEST(Tree, answers_questions_out_of_range_with_an_error) {
  const Tree tree = tree_of(leaves_of(3));
  EXPECT_FALSE(tree.root_at(4));
  EXPECT_FALSE(tree.leaf_at(3));
  EXPECT_FALSE(tree.inclusion_proof(3, 3));
  EXPECT_FALSE(tree.inclusion_proof(0, 4));
  EXPECT_FALSE(tree.consistency_proof(3, 2));
  EXPECT_TRUE(verify_consistency(0, empty_root(), 3, tree.root(), {}));
}

}  // namespace
}  // namespace firebreak::ledger
