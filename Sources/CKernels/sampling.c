#include "sampling.h"

#include "fast_math.h"
#include "kernel_attributes.h"
#include <math.h>

/// Sums of float lanes stay accurate over a block; blocks are added in double.
enum { BLOCK = 1024 };

SPIND_INLINE ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) {
    return a < b ? a : b;
}

SPIND_INLINE float find_largest(const float *values, ptrdiff_t count) {
    float largest = values[0];
    for (ptrdiff_t i = 1; i < count; i++) {
        largest = values[i] > largest ? values[i] : largest;
    }
    return largest;
}

SPIND_KERNEL ptrdiff_t spind_logits_argmax(const float *logits, ptrdiff_t count) {
    const float largest = find_largest(logits, count);
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        const ptrdiff_t end = start + smaller(BLOCK, count - start);
        int found = 0;
        for (ptrdiff_t i = start; i < end; i++) {
            found |= logits[i] == largest;
        }
        for (ptrdiff_t i = start; found && i < end; i++) {
            if (logits[i] == largest) {
                return i;
            }
        }
    }
    return 0;
}

SPIND_KERNEL void spind_logits_statistics(
    const float *logits, ptrdiff_t count, float *largest, double *log_sum_exp) {
    const float top = find_largest(logits, count);
    double sum = 0;
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        const ptrdiff_t end = start + smaller(BLOCK, count - start);
        float partial = 0;
        for (ptrdiff_t i = start; i < end; i++) {
            partial += spind_exp(logits[i] - top);
        }
        sum += (double)partial;
    }
    *largest = top;
    *log_sum_exp = (double)top + log(sum);
}

SPIND_INLINE double exponentiate(
    const float *logits, ptrdiff_t count, float largest, float scale, float *weights) {
    double sum = 0;
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        const ptrdiff_t length = smaller(BLOCK, count - start);
        const float *source = logits + start;
        float *target = weights + start;
        float partial = 0;
        for (ptrdiff_t i = 0; i < length; i++) {
            const float weight = spind_exp((source[i] - largest) * scale);
            target[i] = weight;
            partial += weight;
        }
        sum += (double)partial;
    }
    return sum;
}

SPIND_KERNEL double spind_logits_exponentiate(
    const float *logits, ptrdiff_t count, float largest, float scale, float *weights) {
    return exponentiate(logits, count, largest, scale, weights);
}

SPIND_KERNEL void spind_logits_softmax(
    const float *logits, ptrdiff_t count, float scale, float *probabilities) {
    const float largest = find_largest(logits, count);
    const double sum = exponentiate(logits, count, largest, scale, probabilities);
    const float factor = (float)(1 / sum);
    for (ptrdiff_t i = 0; i < count; i++) {
        probabilities[i] *= factor;
    }
}

SPIND_KERNEL ptrdiff_t spind_weights_draw(
    const float *weights, ptrdiff_t count, double uniform) {
    double total = 0;
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        const ptrdiff_t end = start + smaller(BLOCK, count - start);
        double block = 0;
        for (ptrdiff_t i = start; i < end; i++) {
            block += (double)weights[i];
        }
        total += block;
    }

    const double target = uniform * total;
    double passed = 0;
    ptrdiff_t last_positive = -1;
    for (ptrdiff_t start = 0; start < count; start += BLOCK) {
        const ptrdiff_t end = start + smaller(BLOCK, count - start);
        double block = 0;
        for (ptrdiff_t i = start; i < end; i++) {
            block += (double)weights[i];
        }
        if (passed + block <= target && end < count) {
            passed += block;
            continue;
        }
        double running = passed;
        for (ptrdiff_t i = start; i < end; i++) {
            running += (double)weights[i];
            last_positive = weights[i] > 0 ? i : last_positive;
            if (running > target && weights[i] > 0) {
                return i;
            }
        }
        passed += block;
    }
    // Rounding left the running sum at the target: the draw belongs to the last weight that counts.
    for (ptrdiff_t i = count - 1; last_positive < 0 && i >= 0; i--) {
        last_positive = weights[i] > 0 ? i : last_positive;
    }
    return last_positive;
}
