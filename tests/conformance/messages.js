// What a charger can send, in each dialect: good messages in the order of a day, and bad ones with the errors they earn.

const now = () => new Date().toISOString();
const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb', serialNumber: '01' };
const period = [{ startPeriod: 0, limit: 16 }];
const schedule = { id: 1, chargingRateUnit: 'A', chargingSchedulePeriod: period };
const idToken = { idToken: '04E91C5A123B80', type: 'ISO14443' };
const meterValue = () => [{ timestamp: now(), sampledValue: [{ value: 1234.5, measurand: 'Energy.Active.Import.Register' }] }];

const event = (evseId, actualValue, more = {}) => ({
  eventId: evseId, timestamp: now(), trigger: 'Delta', actualValue, eventNotificationType: 'HardWiredNotification',
  component: { name: 'Connector', evse: { id: evseId, connectorId: 1 } }, variable: { name: 'AvailabilityState' }, ...more,
});

const messages16 = () => [
  ['BootNotification', { chargePointVendor: 'Independent', chargePointModel: 'RPC', firmwareVersion: '1' }, { status: 'Accepted' }],
  ['Heartbeat', {}],
  ['StatusNotification', { connectorId: 0, errorCode: 'NoError', status: 'Available' }],
  ['StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing', timestamp: now() }],
  ['Authorize', { idTag: 'TAG1' }, { idTagInfo: { status: 'Accepted' } }],
  ['StartTransaction', { connectorId: 1, idTag: 'TAG1', meterStart: 0, timestamp: now() }, { idTagInfo: { status: 'Accepted' } }],
  ['StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Charging', timestamp: now() }],
  ['MeterValues', { connectorId: 1, transactionId: 1, meterValue: [{ timestamp: now(), sampledValue: [{ value: '12', unit: 'Wh' }] }] }],
  ['MeterValues', { connectorId: 0, meterValue: [{ timestamp: now(), sampledValue: [{ value: '7' }] }] }],
  ['StopTransaction', { transactionId: 1, meterStop: 12, timestamp: now(), reason: 'Local' }],
  ['DataTransfer', { vendorId: 'com.example', messageId: 'm', data: '{}' }, { status: 'UnknownVendorId' }],
  ['DiagnosticsStatusNotification', { status: 'Uploaded' }],
  ['FirmwareStatusNotification', { status: 'Installed' }],
  ['LogStatusNotification', { status: 'Uploaded', requestId: 1 }],
  ['SecurityEventNotification', { type: 'StartupOfTheDevice', timestamp: now() }],
  ['SignedFirmwareStatusNotification', { status: 'Installed', requestId: 1 }],
  ['SignCertificate', { csr: 'MIIB' }, { status: 'Rejected' }],
  ['StatusNotification', {
    connectorId: 2, errorCode: 'GroundFailure', status: 'Faulted', timestamp: now(),
    info: 'RCD', vendorId: 'Independent', vendorErrorCode: 'E-7',
  }],
];

const bad16 = [
  ['NoSuchAction', {}, ['NotImplemented']],
  ['Reset', { type: 'Soft' }, ['NotSupported']],
  ['StatusNotification', { connectorId: 1, status: 'Available' }, ['OccurenceConstraintViolation', 'ProtocolError']],
  ['StatusNotification', { connectorId: '1', errorCode: 'NoError', status: 'Available' }, ['TypeConstraintViolation']],
  ['StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Occupied' }, ['PropertyConstraintViolation']],
  ['StatusNotification', { connectorId: -1, errorCode: 'NoError', status: 'Available' }, ['PropertyConstraintViolation']],
  ['Heartbeat', 'not an object', ['TypeConstraintViolation', 'FormationViolation']],
];

const messages201 = () => [
  ['BootNotification', { chargingStation: { vendorName: 'Independent', model: 'RPC' }, reason: 'PowerUp' }, { status: 'Accepted' }],
  ['Heartbeat', {}],
  ['StatusNotification', { timestamp: now(), connectorStatus: 'Available', evseId: 1, connectorId: 1 }],
  ['StatusNotification', { timestamp: now(), connectorStatus: 'Occupied', evseId: 1, connectorId: 1 }],
  ['Authorize', { idToken }, { idTokenInfo: { status: 'Accepted' } }],
  ['TransactionEvent', {
    eventType: 'Started', timestamp: now(), triggerReason: 'Authorized', seqNo: 0,
    transactionInfo: { transactionId: 't1' }, evse: { id: 1, connectorId: 1 }, idToken,
  }, { idTokenInfo: { status: 'Accepted' } }],
  ['TransactionEvent', {
    eventType: 'Updated', timestamp: now(), triggerReason: 'MeterValuePeriodic', seqNo: 1,
    transactionInfo: { transactionId: 't1', chargingState: 'Charging' }, meterValue: meterValue(),
  }],
  ['TransactionEvent', {
    eventType: 'Ended', timestamp: now(), triggerReason: 'EVDeparted', seqNo: 2,
    transactionInfo: { transactionId: 't1', stoppedReason: 'EVDisconnected' },
  }],
  ['MeterValues', { evseId: 1, meterValue: meterValue() }],
  ['DataTransfer', { vendorId: 'com.example', data: { any: ['thing'] } }, { status: 'UnknownVendorId' }],
  ['FirmwareStatusNotification', { status: 'Installed', requestId: 1 }],
  ['LogStatusNotification', { status: 'Uploaded', requestId: 1 }],
  ['SecurityEventNotification', { type: 'StartupOfTheDevice', timestamp: now() }],
  ['SignCertificate', { csr: 'MIIB' }, { status: 'Rejected' }],
  ['Get15118EVCertificate', { iso15118SchemaVersion: 'urn:iso:15118:2:2013', action: 'Install', exiRequest: 'gA==' }],
  ['GetCertificateStatus', { ocspRequestData: { ...hash, responderURL: 'http://ocsp.example' } }],
  ['ClearedChargingLimit', { chargingLimitSource: 'EMS' }],
  ['NotifyChargingLimit', { chargingLimit: { chargingLimitSource: 'EMS' } }],
  ['NotifyCustomerInformation', { data: '-', seqNo: 0, generatedAt: now(), requestId: 1 }],
  ['NotifyDisplayMessages', { requestId: 1 }],
  ['NotifyEVChargingNeeds', { evseId: 1, chargingNeeds: { requestedEnergyTransfer: 'DC' } }],
  ['NotifyEVChargingSchedule', { evseId: 1, timeBase: now(), chargingSchedule: schedule }],
  ['NotifyMonitoringReport', { requestId: 1, seqNo: 0, generatedAt: now() }],
  ['NotifyReport', {
    requestId: 1, seqNo: 0, generatedAt: now(),
    reportData: [{
      component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' }, variableAttribute: [{ value: '300' }],
    }],
  }],
  ['PublishFirmwareStatusNotification', { status: 'Idle' }],
  ['ReportChargingProfiles', {
    requestId: 1, chargingLimitSource: 'CSO', evseId: 1,
    chargingProfile: [{
      id: 1, stackLevel: 0, chargingProfilePurpose: 'TxDefaultProfile', chargingProfileKind: 'Absolute',
      chargingSchedule: [schedule],
    }],
  }],
  ['ReservationStatusUpdate', { reservationId: 1, reservationUpdateStatus: 'Expired' }],
  ['NotifyEvent', { generatedAt: now(), seqNo: 0, eventData: [event(2, 'Faulted', { techCode: 'E-7', techInfo: 'RCD' })] }],
  ['NotifyEvent', { generatedAt: now(), seqNo: 1, eventData: [event(1, 'Whatever', { variable: { name: 'Temperature' } })] }],
];

const bad201 = [
  ['NoSuchAction', {}, ['NotImplemented']],
  ['Reset', { type: 'Immediate' }, ['NotSupported']],
  ['StatusNotification', { connectorStatus: 'Available', evseId: 1, connectorId: 1 }, ['OccurrenceConstraintViolation', 'ProtocolError']],
  ['StatusNotification', { timestamp: now(), connectorStatus: 'Available', evseId: '1', connectorId: 1 }, ['TypeConstraintViolation']],
  ['StatusNotification', { timestamp: now(), connectorStatus: 'Charging', evseId: 1, connectorId: 1 }, ['PropertyConstraintViolation']],
  ['Heartbeat', 'not an object', ['TypeConstraintViolation', 'FormatViolation']],
];

const messages21 = () => [
  ...messages201(),
  ['BatterySwap', {
    eventType: 'BatteryIn', requestId: 1, idToken, batteryData: [{ evseId: 1, serialNumber: 'B1', soC: 80, soH: 95 }],
  }],
  ['ClosePeriodicEventStream', { id: 1 }],
  ['OpenPeriodicEventStream', { constantStreamData: { id: 1, variableMonitoringId: 1, params: { interval: 5, values: 2 } } }],
  ['GetCertificateChainStatus', {
    certificateStatusRequests: [{ certificateHashData: hash, source: 'OCSP', urls: ['http://ocsp.example'] }],
  }],
  ['NotifyDERAlarm', { controlType: 'FreqDroop', timestamp: now() }],
  ['NotifyDERStartStop', { controlId: 'c1', started: true, timestamp: now() }],
  ['NotifyPriorityCharging', { transactionId: 't1', activated: true }],
  ['NotifySettlement', { pspRef: 'p1', status: 'Settled', settlementAmount: 12.5, settlementTime: now() }],
  ['PullDynamicScheduleUpdate', { chargingProfileId: 1 }],
  ['ReportDERControl', { requestId: 1 }],
  ['VatNumberValidation', { vatNumber: 'NL123456789B01' }],
  ['NotifyEvent', { generatedAt: now(), seqNo: 2, eventData: [event(1, 'Occupied', { severity: 8 })] }],
];

// `statuses` is what the API must say after all good messages: "evse:connector" and the charger's own word.
export const dialects = {
  'ocpp1.6': { messages: messages16, bad: bad16, statuses: { '0:0': 'Available', '1:1': 'Charging', '2:1': 'Faulted' } },
  'ocpp2.0.1': { messages: messages201, bad: bad201, statuses: { '1:1': 'Occupied', '2:1': 'Faulted' } },
  'ocpp2.1': { messages: messages21, bad: bad201, statuses: { '1:1': 'Occupied', '2:1': 'Faulted' } },
};
