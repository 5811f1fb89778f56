// @ts-check
/**
 * Each system by itself: a worker process loads no other's code.
 * @type {Record<string, () => Promise<import('../system.mjs').System>>}
 */
export const loaders = {
  'bullmq-everysec': async () => (await import('./bullmq.mjs')).bullmq('everysec'),
  'bullmq-always': async () => (await import('./bullmq.mjs')).bullmq('always'),
  'pg-boss': async () => (await import('./pg-boss.mjs')).pgBoss,
  'graphile-worker': async () => (await import('./graphile-worker.mjs')).graphileWorker,
  raw: async () => (await import('./raw.mjs')).raw,
  ours: async () => (await import('./ours.mjs')).ours('each'),
  'ours-defaults': async () => (await import('./ours.mjs')).ours('defaults'),
};
