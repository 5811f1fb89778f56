import { stopServers } from './servers.ts';

export const mochaHooks = {
  async afterAll() {
    await stopServers();
  },
};
