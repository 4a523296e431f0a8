// Which words two texts do not share.

const maximumWords = 600;

const words = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

/**
 * Both texts as pieces `{text, isOwn}`, where `isOwn` says that the other text has no such words
 * at that place (a longest common subsequence). Very long texts come back in one piece each.
 */
export function wordDiff(left, right) {
  const [a, b] = [words(left), words(right)];
  if (a.length > maximumWords || b.length > maximumWords) return [[{ text: left, isOwn: false }], [{ text: right, isOwn: false }]];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j]
        ? lengths[(i + 1) * width + j + 1] + 1
        : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const pieces = [[], []];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add(pieces[0], a[i++], false);
      add(pieces[1], b[j++], false);
    } else if (j === b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      add(pieces[0], a[i++], true);
    } else add(pieces[1], b[j++], true);
  }
  return pieces;
}

function add(pieces, text, isOwn) {
  const last = pieces.at(-1);
  if (last?.isOwn === isOwn) last.text += text;
  else pieces.push({ text, isOwn });
}
