import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { AesCodec } from '../../examples/codec/codec.ts';
import { encrypting } from '../../examples/codec/data-converter.ts';
import { readKeys } from '../../examples/codec/keys.ts';
import { startCodecServer } from '../../examples/codec/serve.ts';
import { defineJob, once } from '../../src/index.ts';
import { startLocalScheduler } from '../../src/local.ts';
import { launchChromium } from '../support/browser.ts';
import { quiet } from '../support/servers.ts';

const CARD = '4000 0025 0000 3155';

describe('the Web UI beside a codec', function () {
  this.timeout(90_000);
  let browser: Browser;
  before(async () => {
    quiet();
    browser = await launchChromium();
  });
  after(() => browser?.close());

  it('reads what is encrypted only with the codec server', async () => {
    const keys = readKeys(`today:${randomBytes(32).toString('base64')}`);
    const charge = defineJob('charge', { payload: z.object({ card: z.string() }) });
    await using scheduler = await startLocalScheduler({
      handlers: [charge.handler(({ card }) => ({ charged: card }))],
      dataConverter: encrypting(keys),
      persistence: false,
    });
    const { origin } = new URL(scheduler.webUiUrl);
    await using codecServer = await startCodecServer(new AesCodec(keys), { origins: [origin] });
    const id = await scheduler.scheduleJob({ jobType: 'charge', schedule: once({ in: 0 }), payload: { card: CARD } });
    await scheduler.waitForJob(id);

    const page = await browser.newPage({ viewport: { width: 1440, height: 1200 } });
    await page.goto(`${scheduler.webUiUrl}/namespaces/default/workflows/${encodeURIComponent(id)}`);
    await page.getByText('Completed').locator('visible=true').first().waitFor();
    // The payload and the result, as they are stored.
    assert.equal(
      await page
        .getByText(/^"[\w+/=]{60,}"$/)
        .locator('visible=true')
        .count(),
      2,
    );
    assert.equal(await page.getByText(CARD).count(), 0);

    await page.getByTestId('data-encoder-status').locator('visible=true').click();
    await page.getByTestId('use-local-endpoint-input').click();
    await page.locator('#data-encoder-endpoint-input').fill(codecServer.url);
    await page.locator('#data-encoder-settings').getByTestId('confirm-modal-button').click();
    await page.reload();
    await page.getByText(CARD).first().waitFor();
    await page.close();
  });
});
