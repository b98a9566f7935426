import type { NodeAPI } from 'node-red';
import { registerNode } from '../adapter/register-node';
import { ConfigureController } from './configure-controller';
import { readDef, type ConfigureDef, type ConfigureSettings } from './configure-settings';
import { LOOKS, type ConfigureState } from './configure-states';
import { registerPreflight } from './preflight-route';

module.exports = (RED: NodeAPI): void => {
  registerPreflight(RED);
  registerNode<ConfigureDef, ConfigureSettings, ConfigureState>(RED, {
    type: 'ftrace-configure',
    looks: LOOKS,
    readDef,
    open: (settings, surface) => new ConfigureController(settings, surface),
  });
};
