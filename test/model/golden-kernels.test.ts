/** Recordings of stock kernels are held against what their programs said, by the scenarios' own assertions. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { assertTrue } from '../scenarios/run-scenario';
import { GOLDEN_FOLDER, GOLDEN_IDS, readGolden } from '../vm/golden';
import { allScenarios } from '../vm/listed';
import { WALK_THROUGH, walkThroughIsTrue } from '../vm/walkthrough';

const scenarios = new Map(allScenarios().map(({ id, scenario }) => [id, scenario]));

for (const series of readdirSync(GOLDEN_FOLDER)) {
  describe(`what a stock kernel ${series} recorded tells`, () => {
    for (const id of GOLDEN_IDS) {
      const scenario = scenarios.get(id);
      it(
        id === WALK_THROUGH.id ? WALK_THROUGH.name : (scenario?.name ?? `${id}, which is no scenario`),
        () => {
          const recording = readGolden(series, id);
          assert.ok(
            recording,
            `${GOLDEN_FOLDER}/${series} has no ${id}; npm run test:kernels -- --golden ${series}`,
          );
          if (id === WALK_THROUGH.id) assert.equal(walkThroughIsTrue(recording.report), 'ok');
          else assert.equal(assertTrue(scenario!, recording), 'ok');
        },
      );
    }
  });
}

describe('the ids of scenarios', () => {
  it('are each of one scenario', () => {
    assert.equal(scenarios.size, allScenarios().length);
  });
});
