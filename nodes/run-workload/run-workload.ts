import type { NodeAPI } from 'node-red';
import { registerNode } from '../adapter/register-node';
import { RunController } from './run-controller';
import { LOOKS, type RunState } from './run-states';
import { readDef, type WorkloadConfig, type WorkloadDef } from './workload-def';

module.exports = (RED: NodeAPI): void => {
  registerNode<WorkloadDef, WorkloadConfig, RunState>(RED, {
    type: 'run-workload',
    looks: LOOKS,
    readDef,
    open: (config, surface) => new RunController(config, surface),
  });
};
