/** What the service promises under load, faults and attack, by number. A test named `P<number>: …` holds one. */
export const PROMISES: ReadonlyMap<number, string> = new Map([
  'An acknowledged write survives a crash',
  'An acknowledged write survives a power cut',
  'A torn end of the journal is repaired; damage in its middle is refused',
  'A damaged bundle file is refused by code and never crashes the service',
  'A model that does not load leaves the old one serving',
  'A change of models drops no request',
  'The files of a bundle are the ones of its manifest',
  'No path leads out of a bundle',
  'Queues are bounded',
  'What does not fit is refused with 503 and a time to wait',
  'A deadline that has passed costs no work',
  'Work of a client that has gone is dropped',
  'SIGTERM lets requests in work finish',
  'Memory stays bounded under abuse',
  'JSON nested too deeply is refused',
  'Numbers that are none stay out of answers and indexes',
  'Every answer fits the API document',
  'Every route asks for its scope',
  'No text of a request makes the service fetch a URL',
  'A full disk stops writes alone',
  'A model too large for the memory is refused',
  'A kill in the middle of a write leaves something whole',
  'A crash while recovering is recovered from',
  'Old data opens, or is refused by name',
  'What depends on something that is down is answered without it, and says so',
  'A caller who sends too much is slowed, and nobody else',
  'Liveness depends on nothing else',
  'Overload is shed early and cheaply',
  'Probes answer under overload',
  'Slow clients are cut off, and hold up nobody',
  'Broken HTTP gets one refusal and never a second answer',
  'Instances agree after a partition',
  'A gap in the stream of changes is noticed',
  'A crash of Redis loses nothing that was acknowledged',
  'Metrics are true, and their labels closed sets',
  'Logs and answers hold no secret',
  'It runs for long (by hand: docs/guide/operations.md, "Soak")',
  'A misbehaving embedding service does no harm',
  'Text of an item cannot steer anything',
  'One caller cannot poison the popular list',
].map((text, i) => [i + 1, text]))

/** The numbers of the promises that a test's title claims to hold: `P9, P10: …` holds two. */
export function promisesOf (title: string): number[] {
  const [claim = ''] = /^P\d{1,2}(, P\d{1,2})*(?=: )/.exec(title) ?? []
  return [...claim.matchAll(/\d+/g)].map(([digits]) => Number(digits))
}
