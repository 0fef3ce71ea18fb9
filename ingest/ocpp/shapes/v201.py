"""OCPP 2.0.1: made by `make shapes` of the OCA's JSON schemas (NOTICE), not to be edited."""

from ingest.ocpp.shapes import ANYTHING, BOOLEAN, NUMBER, TIME, WHOLE, Shape, array, names, record, text, whole, word

CustomDataType = record({"vendorId!": text(255)}, closed=False)
AdditionalInfoType = record({"customData": CustomDataType, "additionalIdToken!": text(36), "type!": text(50)})
IdTokenEnumType = word("Central eMAID ISO14443 ISO15693 KeyCode Local MacAddress NoAuthorization")
IdTokenType = record(
    {
        "customData": CustomDataType,
        "additionalInfo": array(AdditionalInfoType, least=1),
        "idToken!": text(36),
        "type!": IdTokenEnumType,
    }
)
HashAlgorithmEnumType = word("SHA256 SHA384 SHA512")
OCSPRequestDataType = record(
    {
        "customData": CustomDataType,
        "hashAlgorithm!": HashAlgorithmEnumType,
        "issuerNameHash!": text(128),
        "issuerKeyHash!": text(128),
        "serialNumber!": text(40),
        "responderURL!": text(512),
    }
)
ModemType = record({"customData": CustomDataType, "iccid": text(20), "imsi": text(20)})
ChargingStationType = record(
    {
        "customData": CustomDataType,
        "serialNumber": text(25),
        "model!": text(20),
        "modem": ModemType,
        "vendorName!": text(50),
        "firmwareVersion": text(50),
    }
)
BootReasonEnumType = word(
    "ApplicationReset FirmwareUpdate LocalReset PowerUp RemoteReset ScheduledReset Triggered Unknown Watchdog"
)
ChargingLimitSourceEnumType = word("EMS Other SO CSO")
FirmwareStatusEnumType = word(
    "Downloaded DownloadFailed Downloading DownloadScheduled DownloadPaused Idle "
    "InstallationFailed Installing Installed InstallRebooting InstallScheduled "
    "InstallVerificationFailed InvalidSignature SignatureVerified"
)
CertificateActionEnumType = word("Install Update")
UploadLogStatusEnumType = word(
    "BadMessage Idle NotSupportedOperation PermissionDenied Uploaded UploadFailure Uploading AcceptedCanceled"
)
ReadingContextEnumType = word(
    "Interruption.Begin Interruption.End Other Sample.Clock Sample.Periodic Transaction.Begin Transaction.End Trigger"
)
MeasurandEnumType = word(
    "Current.Export Current.Import Current.Offered Energy.Active.Export.Register "
    "Energy.Active.Import.Register Energy.Reactive.Export.Register "
    "Energy.Reactive.Import.Register Energy.Active.Export.Interval "
    "Energy.Active.Import.Interval Energy.Active.Net Energy.Reactive.Export.Interval "
    "Energy.Reactive.Import.Interval Energy.Reactive.Net Energy.Apparent.Net "
    "Energy.Apparent.Import Energy.Apparent.Export Frequency Power.Active.Export "
    "Power.Active.Import Power.Factor Power.Offered Power.Reactive.Export "
    "Power.Reactive.Import SoC Voltage"
)
PhaseEnumType = word("L1 L2 L3 N L1-N L2-N L3-N L1-L2 L2-L3 L3-L1")
LocationEnumType = word("Body Cable EV Inlet Outlet")
SignedMeterValueType = record(
    {
        "customData": CustomDataType,
        "signedMeterData!": text(2500),
        "signingMethod!": text(50),
        "encodingMethod!": text(50),
        "publicKey!": text(2500),
    }
)
UnitOfMeasureType = record({"customData": CustomDataType, "unit": text(20), "multiplier": WHOLE})
SampledValueType = record(
    {
        "customData": CustomDataType,
        "value!": NUMBER,
        "context": ReadingContextEnumType,
        "measurand": MeasurandEnumType,
        "phase": PhaseEnumType,
        "location": LocationEnumType,
        "signedMeterValue": SignedMeterValueType,
        "unitOfMeasure": UnitOfMeasureType,
    }
)
MeterValueType = record(
    {"customData": CustomDataType, "sampledValue!": array(SampledValueType, least=1), "timestamp!": TIME}
)
ChargingRateUnitEnumType = word("W A")
ChargingSchedulePeriodType = record(
    {"customData": CustomDataType, "startPeriod!": WHOLE, "limit!": NUMBER, "numberPhases": WHOLE, "phaseToUse": WHOLE}
)
RelativeTimeIntervalType = record({"customData": CustomDataType, "start!": WHOLE, "duration": WHOLE})
CostKindEnumType = word("CarbonDioxideEmission RelativePricePercentage RenewableGenerationPercentage")
CostType = record(
    {"customData": CustomDataType, "costKind!": CostKindEnumType, "amount!": WHOLE, "amountMultiplier": WHOLE}
)
ConsumptionCostType = record(
    {"customData": CustomDataType, "startValue!": NUMBER, "cost!": array(CostType, least=1, most=3)}
)
SalesTariffEntryType = record(
    {
        "customData": CustomDataType,
        "relativeTimeInterval!": RelativeTimeIntervalType,
        "ePriceLevel": whole(least=0.0),
        "consumptionCost": array(ConsumptionCostType, least=1, most=3),
    }
)
SalesTariffType = record(
    {
        "customData": CustomDataType,
        "id!": WHOLE,
        "salesTariffDescription": text(32),
        "numEPriceLevels": WHOLE,
        "salesTariffEntry!": array(SalesTariffEntryType, least=1, most=1024),
    }
)
ChargingScheduleType = record(
    {
        "customData": CustomDataType,
        "id!": WHOLE,
        "startSchedule": TIME,
        "duration": WHOLE,
        "chargingRateUnit!": ChargingRateUnitEnumType,
        "chargingSchedulePeriod!": array(ChargingSchedulePeriodType, least=1, most=1024),
        "minChargingRate": NUMBER,
        "salesTariff": SalesTariffType,
    }
)
ChargingLimitType = record(
    {"customData": CustomDataType, "chargingLimitSource!": ChargingLimitSourceEnumType, "isGridCritical": BOOLEAN}
)
EVSEType = record({"customData": CustomDataType, "id!": WHOLE, "connectorId": WHOLE})
ComponentType = record({"customData": CustomDataType, "evse": EVSEType, "name!": text(50), "instance": text(50)})
MessagePriorityEnumType = word("AlwaysFront InFront NormalCycle")
MessageStateEnumType = word("Charging Faulted Idle Unavailable")
MessageFormatEnumType = word("ASCII HTML URI UTF8")
MessageContentType = record(
    {"customData": CustomDataType, "format!": MessageFormatEnumType, "language": text(8), "content!": text(512)}
)
MessageInfoType = record(
    {
        "customData": CustomDataType,
        "display": ComponentType,
        "id!": WHOLE,
        "priority!": MessagePriorityEnumType,
        "state": MessageStateEnumType,
        "startDateTime": TIME,
        "endDateTime": TIME,
        "transactionId": text(36),
        "message!": MessageContentType,
    }
)
ACChargingParametersType = record(
    {
        "customData": CustomDataType,
        "energyAmount!": WHOLE,
        "evMinCurrent!": WHOLE,
        "evMaxCurrent!": WHOLE,
        "evMaxVoltage!": WHOLE,
    }
)
DCChargingParametersType = record(
    {
        "customData": CustomDataType,
        "evMaxCurrent!": WHOLE,
        "evMaxVoltage!": WHOLE,
        "energyAmount": WHOLE,
        "evMaxPower": WHOLE,
        "stateOfCharge": whole(least=0.0, most=100.0),
        "evEnergyCapacity": WHOLE,
        "fullSoC": whole(least=0.0, most=100.0),
        "bulkSoC": whole(least=0.0, most=100.0),
    }
)
EnergyTransferModeEnumType = word("DC AC_single_phase AC_two_phase AC_three_phase")
ChargingNeedsType = record(
    {
        "customData": CustomDataType,
        "acChargingParameters": ACChargingParametersType,
        "dcChargingParameters": DCChargingParametersType,
        "requestedEnergyTransfer!": EnergyTransferModeEnumType,
        "departureTime": TIME,
    }
)
EventTriggerEnumType = word("Alerting Delta Periodic")
EventNotificationEnumType = word("HardWiredNotification HardWiredMonitor PreconfiguredMonitor CustomMonitor")
VariableType = record({"customData": CustomDataType, "name!": text(50), "instance": text(50)})
EventDataType = record(
    {
        "customData": CustomDataType,
        "eventId!": WHOLE,
        "timestamp!": TIME,
        "trigger!": EventTriggerEnumType,
        "cause": WHOLE,
        "actualValue!": text(2500),
        "techCode": text(50),
        "techInfo": text(500),
        "cleared": BOOLEAN,
        "transactionId": text(36),
        "component!": ComponentType,
        "variableMonitoringId": WHOLE,
        "eventNotificationType!": EventNotificationEnumType,
        "variable!": VariableType,
    }
)
MonitorEnumType = word("UpperThreshold LowerThreshold Delta Periodic PeriodicClockAligned")
VariableMonitoringType = record(
    {
        "customData": CustomDataType,
        "id!": WHOLE,
        "transaction!": BOOLEAN,
        "value!": NUMBER,
        "type!": MonitorEnumType,
        "severity!": WHOLE,
    }
)
MonitoringDataType = record(
    {
        "customData": CustomDataType,
        "component!": ComponentType,
        "variable!": VariableType,
        "variableMonitoring!": array(VariableMonitoringType, least=1),
    }
)
AttributeEnumType = word("Actual Target MinSet MaxSet")
MutabilityEnumType = word("ReadOnly WriteOnly ReadWrite")
VariableAttributeType = record(
    {
        "customData": CustomDataType,
        "type": AttributeEnumType,
        "value": text(2500),
        "mutability": MutabilityEnumType,
        "persistent": BOOLEAN,
        "constant": BOOLEAN,
    }
)
DataEnumType = word("string decimal integer dateTime boolean OptionList SequenceList MemberList")
VariableCharacteristicsType = record(
    {
        "customData": CustomDataType,
        "unit": text(16),
        "dataType!": DataEnumType,
        "minLimit": NUMBER,
        "maxLimit": NUMBER,
        "valuesList": text(1000),
        "supportsMonitoring!": BOOLEAN,
    }
)
ReportDataType = record(
    {
        "customData": CustomDataType,
        "component!": ComponentType,
        "variable!": VariableType,
        "variableAttribute!": array(VariableAttributeType, least=1, most=4),
        "variableCharacteristics": VariableCharacteristicsType,
    }
)
PublishFirmwareStatusEnumType = word(
    "Idle DownloadScheduled Downloading Downloaded Published DownloadFailed "
    "DownloadPaused InvalidChecksum ChecksumVerified PublishFailed"
)
ChargingProfilePurposeEnumType = word(
    "ChargingStationExternalConstraints ChargingStationMaxProfile TxDefaultProfile TxProfile"
)
ChargingProfileKindEnumType = word("Absolute Recurring Relative")
RecurrencyKindEnumType = word("Daily Weekly")
ChargingProfileType = record(
    {
        "customData": CustomDataType,
        "id!": WHOLE,
        "stackLevel!": WHOLE,
        "chargingProfilePurpose!": ChargingProfilePurposeEnumType,
        "chargingProfileKind!": ChargingProfileKindEnumType,
        "recurrencyKind": RecurrencyKindEnumType,
        "validFrom": TIME,
        "validTo": TIME,
        "chargingSchedule!": array(ChargingScheduleType, least=1, most=3),
        "transactionId": text(36),
    }
)
ReservationUpdateStatusEnumType = word("Expired Removed")
CertificateSigningUseEnumType = word("ChargingStationCertificate V2GCertificate")
ConnectorStatusEnumType = word("Available Occupied Reserved Unavailable Faulted")
TransactionEventEnumType = word("Ended Started Updated")
TriggerReasonEnumType = word(
    "Authorized CablePluggedIn ChargingRateChanged ChargingStateChanged Deauthorized "
    "EnergyLimitReached EVCommunicationLost EVConnectTimeout MeterValueClock "
    "MeterValuePeriodic TimeLimitReached Trigger UnlockCommand StopAuthorized "
    "EVDeparted EVDetected RemoteStop RemoteStart AbnormalCondition "
    "SignedDataReceived ResetCommand"
)
ChargingStateEnumType = word("Charging EVConnected SuspendedEV SuspendedEVSE Idle")
ReasonEnumType = word(
    "DeAuthorized EmergencyStop EnergyLimitReached EVDisconnected GroundFault "
    "ImmediateReset Local LocalOutOfCredit MasterPass Other OvercurrentFault "
    "PowerLoss PowerQuality Reboot Remote SOCLimitReached StoppedByEV "
    "TimeLimitReached Timeout"
)
TransactionType = record(
    {
        "customData": CustomDataType,
        "transactionId!": text(36),
        "chargingState": ChargingStateEnumType,
        "timeSpentCharging": WHOLE,
        "stoppedReason": ReasonEnumType,
        "remoteStartId": WHOLE,
    }
)
ChangeAvailabilityStatusEnumType = word("Accepted Rejected Scheduled")
StatusInfoType = record({"customData": CustomDataType, "reasonCode!": text(20), "additionalInfo": text(512)})
GenericDeviceModelStatusEnumType = word("Accepted Rejected NotSupported EmptyResultSet")
ResetStatusEnumType = word("Accepted Rejected Scheduled")
TriggerMessageStatusEnumType = word("Accepted Rejected NotImplemented")
UnlockStatusEnumType = word("Unlocked UnlockFailed OngoingAuthorizedTransaction UnknownConnector")
#: What a charger asks.
REQUESTS = {
    "Authorize": Shape(
        {
            "customData": CustomDataType,
            "idToken!": IdTokenType,
            "certificate": text(5500),
            "iso15118CertificateHashData": array(OCSPRequestDataType, least=1, most=4),
        }
    ),
    "BootNotification": Shape(
        {"customData": CustomDataType, "chargingStation!": ChargingStationType, "reason!": BootReasonEnumType}
    ),
    "ClearedChargingLimit": Shape(
        {"customData": CustomDataType, "chargingLimitSource!": ChargingLimitSourceEnumType, "evseId": WHOLE}
    ),
    "DataTransfer": Shape(
        {"customData": CustomDataType, "messageId": text(50), "data": ANYTHING, "vendorId!": text(255)}
    ),
    "FirmwareStatusNotification": Shape(
        {"customData": CustomDataType, "status!": FirmwareStatusEnumType, "requestId": WHOLE}
    ),
    "Get15118EVCertificate": Shape(
        {
            "customData": CustomDataType,
            "iso15118SchemaVersion!": text(50),
            "action!": CertificateActionEnumType,
            "exiRequest!": text(5600),
        }
    ),
    "GetCertificateStatus": Shape({"customData": CustomDataType, "ocspRequestData!": OCSPRequestDataType}),
    "Heartbeat": Shape({"customData": CustomDataType}),
    "LogStatusNotification": Shape(
        {"customData": CustomDataType, "status!": UploadLogStatusEnumType, "requestId": WHOLE}
    ),
    "MeterValues": Shape(
        {"customData": CustomDataType, "evseId!": WHOLE, "meterValue!": array(MeterValueType, least=1)}
    ),
    "NotifyChargingLimit": Shape(
        {
            "customData": CustomDataType,
            "chargingSchedule": array(ChargingScheduleType, least=1),
            "evseId": WHOLE,
            "chargingLimit!": ChargingLimitType,
        }
    ),
    "NotifyCustomerInformation": Shape(
        {
            "customData": CustomDataType,
            "data!": text(512),
            "tbc": BOOLEAN,
            "seqNo!": WHOLE,
            "generatedAt!": TIME,
            "requestId!": WHOLE,
        }
    ),
    "NotifyDisplayMessages": Shape(
        {
            "customData": CustomDataType,
            "messageInfo": array(MessageInfoType, least=1),
            "requestId!": WHOLE,
            "tbc": BOOLEAN,
        }
    ),
    "NotifyEVChargingNeeds": Shape(
        {
            "customData": CustomDataType,
            "maxScheduleTuples": WHOLE,
            "chargingNeeds!": ChargingNeedsType,
            "evseId!": WHOLE,
        }
    ),
    "NotifyEVChargingSchedule": Shape(
        {"customData": CustomDataType, "timeBase!": TIME, "chargingSchedule!": ChargingScheduleType, "evseId!": WHOLE}
    ),
    "NotifyEvent": Shape(
        {
            "customData": CustomDataType,
            "generatedAt!": TIME,
            "tbc": BOOLEAN,
            "seqNo!": WHOLE,
            "eventData!": array(EventDataType, least=1),
        }
    ),
    "NotifyMonitoringReport": Shape(
        {
            "customData": CustomDataType,
            "monitor": array(MonitoringDataType, least=1),
            "requestId!": WHOLE,
            "tbc": BOOLEAN,
            "seqNo!": WHOLE,
            "generatedAt!": TIME,
        }
    ),
    "NotifyReport": Shape(
        {
            "customData": CustomDataType,
            "requestId!": WHOLE,
            "generatedAt!": TIME,
            "reportData": array(ReportDataType, least=1),
            "tbc": BOOLEAN,
            "seqNo!": WHOLE,
        }
    ),
    "PublishFirmwareStatusNotification": Shape(
        {
            "customData": CustomDataType,
            "status!": PublishFirmwareStatusEnumType,
            "location": array(text(512), least=1),
            "requestId": WHOLE,
        }
    ),
    "ReportChargingProfiles": Shape(
        {
            "customData": CustomDataType,
            "requestId!": WHOLE,
            "chargingLimitSource!": ChargingLimitSourceEnumType,
            "chargingProfile!": array(ChargingProfileType, least=1),
            "tbc": BOOLEAN,
            "evseId!": WHOLE,
        }
    ),
    "ReservationStatusUpdate": Shape(
        {
            "customData": CustomDataType,
            "reservationId!": WHOLE,
            "reservationUpdateStatus!": ReservationUpdateStatusEnumType,
        }
    ),
    "SecurityEventNotification": Shape(
        {"customData": CustomDataType, "type!": text(50), "timestamp!": TIME, "techInfo": text(255)}
    ),
    "SignCertificate": Shape(
        {"customData": CustomDataType, "csr!": text(5500), "certificateType": CertificateSigningUseEnumType}
    ),
    "StatusNotification": Shape(
        {
            "customData": CustomDataType,
            "timestamp!": TIME,
            "connectorStatus!": ConnectorStatusEnumType,
            "evseId!": WHOLE,
            "connectorId!": WHOLE,
        }
    ),
    "TransactionEvent": Shape(
        {
            "customData": CustomDataType,
            "eventType!": TransactionEventEnumType,
            "meterValue": array(MeterValueType, least=1),
            "timestamp!": TIME,
            "triggerReason!": TriggerReasonEnumType,
            "seqNo!": WHOLE,
            "offline": BOOLEAN,
            "numberOfPhasesUsed": WHOLE,
            "cableMaxCurrent": WHOLE,
            "reservationId": WHOLE,
            "transactionInfo!": TransactionType,
            "evse": EVSEType,
            "idToken": IdTokenType,
        }
    ),
}
#: What it answers.
ANSWERS = {
    "ChangeAvailability": Shape(
        {"customData": CustomDataType, "status!": ChangeAvailabilityStatusEnumType, "statusInfo": StatusInfoType}
    ),
    "GetBaseReport": Shape(
        {"customData": CustomDataType, "status!": GenericDeviceModelStatusEnumType, "statusInfo": StatusInfoType}
    ),
    "Reset": Shape({"customData": CustomDataType, "status!": ResetStatusEnumType, "statusInfo": StatusInfoType}),
    "TriggerMessage": Shape(
        {"customData": CustomDataType, "status!": TriggerMessageStatusEnumType, "statusInfo": StatusInfoType}
    ),
    "UnlockConnector": Shape(
        {"customData": CustomDataType, "status!": UnlockStatusEnumType, "statusInfo": StatusInfoType}
    ),
}
#: What goes the other way, or is no CALL.
REFUSED = names(
    "CancelReservation CertificateSigned ChangeAvailability ClearCache "
    "ClearChargingProfile ClearDisplayMessage ClearVariableMonitoring CostUpdated "
    "CustomerInformation DeleteCertificate GetBaseReport GetChargingProfiles "
    "GetCompositeSchedule GetDisplayMessages GetInstalledCertificateIds "
    "GetLocalListVersion GetLog GetMonitoringReport GetReport GetTransactionStatus "
    "GetVariables InstallCertificate PublishFirmware RequestStartTransaction "
    "RequestStopTransaction ReserveNow Reset SendLocalList SetChargingProfile "
    "SetDisplayMessage SetMonitoringBase SetMonitoringLevel SetNetworkProfile "
    "SetVariableMonitoring SetVariables TriggerMessage UnlockConnector "
    "UnpublishFirmware UpdateFirmware"
)
