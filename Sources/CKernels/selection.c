#include "sampling.h"

#include "kernel_attributes.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// Floats that are not negative are ordered as their 31 low bits are. A most-significant-digit radix
// selection finds the bits of the boundary weight in three rounds, one digit each.
enum { ROUNDS = 3, MOST_BUCKETS = 1 << 11 };
static const int digit_shift[ROUNDS] = {20, 10, 0};
static const uint32_t bucket_count[ROUNDS] = {MOST_BUCKETS, 1 << 10, 1 << 10};

// Before that, a few vector passes find a threshold above which enough is left: of a language
// model's 50,000 weights, the selection then looks at some dozens.
enum { THRESHOLDS = 4, BLOCK = 1024, SMALL_BLOCK = 64, MOST_CANDIDATES = 4096 };
/// As shares of the largest weight, falling.
static const float threshold_share[THRESHOLDS] = {0x1p-4f, 0x1p-8f, 0x1p-13f, 0x1p-20f};

/// What is to be kept, from the largest weight down.
struct goal {
    /// A sum of weights, or else a number of them.
    bool by_mass;
    double wanted;
    /// Weights below it are known to lie beyond the boundary; looking at fewer saves time.
    uint32_t floor_bits;
};

/// The weight at which keeping ends: all above stay, all below go, and the last `equal_dropped`
/// equal ones go.
struct boundary {
    uint32_t bits;
    ptrdiff_t equal_dropped;
};

struct bucket {
    ptrdiff_t count;
    double mass;
};

SPIND_INLINE uint32_t ordered_bits(float weight) {
    uint32_t bits;
    memcpy(&bits, &weight, sizeof bits);
    return bits & 0x7fffffff;
}

SPIND_INLINE float float_of(uint32_t bits) {
    float weight;
    memcpy(&weight, &bits, sizeof weight);
    return weight;
}

static void fill_buckets(
    struct bucket *buckets, const float *weights, ptrdiff_t count, int round, uint32_t prefix,
    uint32_t floor_bits) {
    memset(buckets, 0, sizeof(struct bucket) * bucket_count[round]);
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint32_t bits = ordered_bits(weights[i]);
        const bool inside = round == 0 || bits >> digit_shift[round - 1] == prefix;
        if (inside && bits >= floor_bits) {
            const uint32_t digit = bits >> digit_shift[round] & (bucket_count[round] - 1);
            buckets[digit].count += 1;
            buckets[digit].mass += (double)weights[i];
        }
    }
}

static struct boundary find_boundary(const float *weights, ptrdiff_t count, struct goal goal) {
    struct bucket buckets[MOST_BUCKETS];
    uint32_t prefix = 0;
    double passed = 0;
    ptrdiff_t equal = 0;
    for (int round = 0; round < ROUNDS; round++) {
        fill_buckets(buckets, weights, count, round, prefix, goal.floor_bits);
        // Should rounding keep the sum below what is wanted, the lowest bucket in use is the
        // boundary.
        uint32_t digit = 0;
        double before = passed;
        for (uint32_t i = bucket_count[round]; i-- > 0 && passed < goal.wanted;) {
            if (buckets[i].count > 0) {
                digit = i;
                before = passed;
                passed += goal.by_mass ? buckets[i].mass : (double)buckets[i].count;
            }
        }
        passed = before;
        equal = buckets[digit].count;
        prefix = prefix * bucket_count[round] + digit;
    }
    const double one = goal.by_mass ? (double)float_of(prefix) : 1;
    const double needed = one > 0 ? ceil((goal.wanted - passed) / one) : 1;
    const ptrdiff_t kept = needed < 1 ? 1 : needed > (double)equal ? equal : (ptrdiff_t)needed;
    return (struct boundary){.bits = prefix, .equal_dropped = equal - kept};
}

SPIND_INLINE ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) {
    return a < b ? a : b;
}

SPIND_KERNEL static float find_largest(const float *weights, ptrdiff_t count) {
    float largest = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        largest = weights[i] > largest ? weights[i] : largest;
    }
    return largest;
}

SPIND_KERNEL static double sum_up(const float *weights, ptrdiff_t count) {
    double total = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        total += (double)weights[i];
    }
    return total;
}

/// amounts[t] = the mass, or the number, of the weights that reach thresholds[t].
SPIND_KERNEL static void measure(
    const float *weights, ptrdiff_t count, bool by_mass, const float *thresholds,
    double *amounts) {
    for (int t = 0; t < THRESHOLDS; t++) {
        amounts[t] = 0;
    }
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        const ptrdiff_t end = start + smaller(BLOCK, count - start);
        for (int t = 0; t < THRESHOLDS; t++) {
            const float threshold = thresholds[t];
            float amount = 0;
            for (ptrdiff_t i = start; i < end; i++) {
                const float one = by_mass ? weights[i] : 1;
                amount += weights[i] >= threshold ? one : 0;
            }
            amounts[t] += (double)amount;
        }
    }
}

/// The highest of our thresholds that leaves enough for the goal, or 0.
static float find_threshold(const float *weights, ptrdiff_t count, struct goal goal) {
    float thresholds[THRESHOLDS];
    double amounts[THRESHOLDS];
    const float largest = find_largest(weights, count);
    for (int t = 0; t < THRESHOLDS; t++) {
        thresholds[t] = threshold_share[t] * largest;
    }
    measure(weights, count, goal.by_mass, thresholds, amounts);
    // Blocks were summed in float: some parts in a million of room.
    const double wanted = goal.by_mass ? 1.00001 * goal.wanted : goal.wanted;
    for (int t = 0; t < THRESHOLDS; t++) {
        if (amounts[t] >= wanted) {
            return thresholds[t];
        }
    }
    return 0;
}

/// Copies the weights that reach the threshold, in order; returns their number, or −1 when there
/// are too many.
SPIND_KERNEL static ptrdiff_t collect(
    const float *weights, ptrdiff_t count, float threshold, float *candidates) {
    ptrdiff_t found = 0;
    for (ptrdiff_t start = 0; start < count; start += SMALL_BLOCK) {
        const ptrdiff_t end = start + smaller(SMALL_BLOCK, count - start);
        int any = 0;
        for (ptrdiff_t i = start; i < end; i++) {
            any |= weights[i] >= threshold;
        }
        if (!any) {
            continue;
        }
        if (found + SMALL_BLOCK > MOST_CANDIDATES) {
            return -1;
        }
        for (ptrdiff_t i = start; i < end; i++) {
            candidates[found] = weights[i];
            found += weights[i] >= threshold;
        }
    }
    return found;
}

/// As `find_boundary`, which gives the same for the candidates as for all weights.
static struct boundary find_boundary_fast(
    const float *weights, ptrdiff_t count, struct goal goal) {
    float candidates[MOST_CANDIDATES];
    const float threshold = find_threshold(weights, count, goal);
    const ptrdiff_t found = threshold > 0 ? collect(weights, count, threshold, candidates) : -1;
    return found > 0 ? find_boundary(candidates, found, goal)
                     : find_boundary(weights, count, goal);
}

SPIND_KERNEL static void drop_below(float *weights, ptrdiff_t count, uint32_t boundary_bits) {
    for (ptrdiff_t i = 0; i < count; i++) {
        weights[i] = ordered_bits(weights[i]) < boundary_bits ? 0 : weights[i];
    }
}

static void keep(float *weights, ptrdiff_t count, struct goal goal) {
    const struct boundary boundary = find_boundary_fast(weights, count, goal);
    drop_below(weights, count, boundary.bits);
    ptrdiff_t left = boundary.equal_dropped;
    for (ptrdiff_t i = count - 1; i >= 0 && left > 0; i--) {
        if (ordered_bits(weights[i]) == boundary.bits) {
            weights[i] = 0;
            left--;
        }
    }
}

void spind_weights_keep_largest(float *weights, ptrdiff_t count, ptrdiff_t kept) {
    if (kept > 0 && kept < count) {
        keep(weights, count, (struct goal){.by_mass = false, .wanted = (double)kept});
    }
}

void spind_weights_keep_nucleus(float *weights, ptrdiff_t count, double share) {
    if (!(share < 1) || count < 1) {
        return;
    }
    const double total = sum_up(weights, count);
    // All weights below this one together weigh less than what may be dropped; 0.999 is room for
    // rounding.
    const double floor = 0.999 * (1 - fmax(share, 0)) * total / (double)count;
    // At least the largest one stays, however small the share is.
    const double wanted = fmax(share * total, (double)float_of(1));
    keep(
        weights, count,
        (struct goal){.by_mass = true, .wanted = wanted, .floor_bits = ordered_bits((float)floor)});
}
