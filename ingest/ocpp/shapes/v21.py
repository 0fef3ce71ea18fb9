"""OCPP 2.1: made by `make shapes` of the OCA's JSON schemas (NOTICE), not to be edited."""

from ingest.ocpp.shapes import (
    ANYTHING,
    BOOLEAN,
    NUMBER,
    TIME,
    WHOLE,
    Shape,
    array,
    names,
    number,
    record,
    text,
    whole,
    word,
)

CustomDataType = record({"vendorId!": text(255)}, closed=False)
AdditionalInfoType = record({"additionalIdToken!": text(255), "type!": text(50), "customData": CustomDataType})
IdTokenType = record(
    {
        "additionalInfo": array(AdditionalInfoType, least=1),
        "idToken!": text(255),
        "type!": text(20),
        "customData": CustomDataType,
    }
)
HashAlgorithmEnumType = word("SHA256 SHA384 SHA512")
OCSPRequestDataType = record(
    {
        "hashAlgorithm!": HashAlgorithmEnumType,
        "issuerNameHash!": text(128),
        "issuerKeyHash!": text(128),
        "serialNumber!": text(40),
        "responderURL!": text(2000),
        "customData": CustomDataType,
    }
)
BatteryDataType = record(
    {
        "evseId!": whole(least=0.0),
        "serialNumber!": text(50),
        "soC!": number(least=0.0, most=100.0),
        "soH!": number(least=0.0, most=100.0),
        "productionDate": TIME,
        "vendorInfo": text(500),
        "customData": CustomDataType,
    }
)
BatterySwapEventEnumType = word("BatteryIn BatteryOut BatteryOutTimeout")
ModemType = record({"iccid": text(20), "imsi": text(20), "customData": CustomDataType})
ChargingStationType = record(
    {
        "serialNumber": text(25),
        "model!": text(20),
        "modem": ModemType,
        "vendorName!": text(50),
        "firmwareVersion": text(50),
        "customData": CustomDataType,
    }
)
BootReasonEnumType = word(
    "ApplicationReset FirmwareUpdate LocalReset PowerUp RemoteReset ScheduledReset Triggered Unknown Watchdog"
)
FirmwareStatusEnumType = word(
    "Downloaded DownloadFailed Downloading DownloadScheduled DownloadPaused Idle "
    "InstallationFailed Installing Installed InstallRebooting InstallScheduled "
    "InstallVerificationFailed InvalidSignature SignatureVerified"
)
StatusInfoType = record({"reasonCode!": text(20), "additionalInfo": text(1024), "customData": CustomDataType})
CertificateActionEnumType = word("Install Update")
CertificateHashDataType = record(
    {
        "hashAlgorithm!": HashAlgorithmEnumType,
        "issuerNameHash!": text(128),
        "issuerKeyHash!": text(128),
        "serialNumber!": text(40),
        "customData": CustomDataType,
    }
)
CertificateStatusSourceEnumType = word("CRL OCSP")
CertificateStatusRequestInfoType = record(
    {
        "certificateHashData!": CertificateHashDataType,
        "source!": CertificateStatusSourceEnumType,
        "urls!": array(text(2000), least=1, most=5),
        "customData": CustomDataType,
    }
)
UploadLogStatusEnumType = word(
    "BadMessage Idle NotSupportedOperation PermissionDenied Uploaded UploadFailure Uploading AcceptedCanceled"
)
MeasurandEnumType = word(
    "Current.Export Current.Export.Offered Current.Export.Minimum Current.Import "
    "Current.Import.Offered Current.Import.Minimum Current.Offered Display.PresentSOC "
    "Display.MinimumSOC Display.TargetSOC Display.MaximumSOC "
    "Display.RemainingTimeToMinimumSOC Display.RemainingTimeToTargetSOC "
    "Display.RemainingTimeToMaximumSOC Display.ChargingComplete "
    "Display.BatteryEnergyCapacity Display.InletHot Energy.Active.Export.Interval "
    "Energy.Active.Export.Register Energy.Active.Import.Interval "
    "Energy.Active.Import.Register Energy.Active.Import.CableLoss "
    "Energy.Active.Import.LocalGeneration.Register Energy.Active.Net "
    "Energy.Active.Setpoint.Interval Energy.Apparent.Export Energy.Apparent.Import "
    "Energy.Apparent.Net Energy.Reactive.Export.Interval "
    "Energy.Reactive.Export.Register Energy.Reactive.Import.Interval "
    "Energy.Reactive.Import.Register Energy.Reactive.Net EnergyRequest.Target "
    "EnergyRequest.Minimum EnergyRequest.Maximum EnergyRequest.Minimum.V2X "
    "EnergyRequest.Maximum.V2X EnergyRequest.Bulk Frequency Power.Active.Export "
    "Power.Active.Import Power.Active.Setpoint Power.Active.Residual "
    "Power.Export.Minimum Power.Export.Offered Power.Factor Power.Import.Offered "
    "Power.Import.Minimum Power.Offered Power.Reactive.Export Power.Reactive.Import "
    "SoC Voltage Voltage.Minimum Voltage.Maximum"
)
ReadingContextEnumType = word(
    "Interruption.Begin Interruption.End Other Sample.Clock Sample.Periodic Transaction.Begin Transaction.End Trigger"
)
PhaseEnumType = word("L1 L2 L3 N L1-N L2-N L3-N L1-L2 L2-L3 L3-L1")
LocationEnumType = word("Body Cable EV Inlet Outlet Upstream")
SignedMeterValueType = record(
    {
        "signedMeterData!": text(32768),
        "signingMethod": text(50),
        "encodingMethod!": text(50),
        "publicKey": text(2500),
        "customData": CustomDataType,
    }
)
UnitOfMeasureType = record({"unit": text(20), "multiplier": WHOLE, "customData": CustomDataType})
SampledValueType = record(
    {
        "value!": NUMBER,
        "measurand": MeasurandEnumType,
        "context": ReadingContextEnumType,
        "phase": PhaseEnumType,
        "location": LocationEnumType,
        "signedMeterValue": SignedMeterValueType,
        "unitOfMeasure": UnitOfMeasureType,
        "customData": CustomDataType,
    }
)
MeterValueType = record(
    {"sampledValue!": array(SampledValueType, least=1), "timestamp!": TIME, "customData": CustomDataType}
)
LimitAtSoCType = record({"soc!": whole(least=0.0, most=100.0), "limit!": NUMBER, "customData": CustomDataType})
ChargingRateUnitEnumType = word("W A")
OperationModeEnumType = word(
    "Idle ChargingOnly CentralSetpoint ExternalSetpoint ExternalLimits "
    "CentralFrequency LocalFrequency LocalLoadBalancing"
)
V2XFreqWattPointType = record({"frequency!": NUMBER, "power!": NUMBER, "customData": CustomDataType})
V2XSignalWattPointType = record({"signal!": WHOLE, "power!": NUMBER, "customData": CustomDataType})
ChargingSchedulePeriodType = record(
    {
        "startPeriod!": WHOLE,
        "limit": NUMBER,
        "limit_L2": NUMBER,
        "limit_L3": NUMBER,
        "numberPhases": whole(least=0.0, most=3.0),
        "phaseToUse": whole(least=0.0, most=3.0),
        "dischargeLimit": number(most=0.0),
        "dischargeLimit_L2": number(most=0.0),
        "dischargeLimit_L3": number(most=0.0),
        "setpoint": NUMBER,
        "setpoint_L2": NUMBER,
        "setpoint_L3": NUMBER,
        "setpointReactive": NUMBER,
        "setpointReactive_L2": NUMBER,
        "setpointReactive_L3": NUMBER,
        "preconditioningRequest": BOOLEAN,
        "evseSleep": BOOLEAN,
        "v2xBaseline": NUMBER,
        "operationMode": OperationModeEnumType,
        "v2xFreqWattCurve": array(V2XFreqWattPointType, least=1, most=20),
        "v2xSignalWattCurve": array(V2XSignalWattPointType, least=1, most=20),
        "customData": CustomDataType,
    }
)
RelativeTimeIntervalType = record({"start!": WHOLE, "duration": WHOLE, "customData": CustomDataType})
CostKindEnumType = word("CarbonDioxideEmission RelativePricePercentage RenewableGenerationPercentage")
CostType = record(
    {"costKind!": CostKindEnumType, "amount!": WHOLE, "amountMultiplier": WHOLE, "customData": CustomDataType}
)
ConsumptionCostType = record(
    {"startValue!": NUMBER, "cost!": array(CostType, least=1, most=3), "customData": CustomDataType}
)
SalesTariffEntryType = record(
    {
        "relativeTimeInterval!": RelativeTimeIntervalType,
        "ePriceLevel": whole(least=0.0),
        "consumptionCost": array(ConsumptionCostType, least=1, most=3),
        "customData": CustomDataType,
    }
)
SalesTariffType = record(
    {
        "id!": whole(least=0.0),
        "salesTariffDescription": text(32),
        "numEPriceLevels": whole(least=0.0),
        "salesTariffEntry!": array(SalesTariffEntryType, least=1, most=1024),
        "customData": CustomDataType,
    }
)
RationalNumberType = record({"exponent!": WHOLE, "value!": WHOLE, "customData": CustomDataType})
PriceRuleType = record(
    {
        "parkingFeePeriod": WHOLE,
        "carbonDioxideEmission": whole(least=0.0),
        "renewableGenerationPercentage": whole(least=0.0, most=100.0),
        "energyFee!": RationalNumberType,
        "parkingFee": RationalNumberType,
        "powerRangeStart!": RationalNumberType,
        "customData": CustomDataType,
    }
)
PriceRuleStackType = record(
    {"duration!": WHOLE, "priceRule!": array(PriceRuleType, least=1, most=8), "customData": CustomDataType}
)
TaxRuleType = record(
    {
        "taxRuleID!": whole(least=0.0),
        "taxRuleName": text(100),
        "taxIncludedInPrice": BOOLEAN,
        "appliesToEnergyFee!": BOOLEAN,
        "appliesToParkingFee!": BOOLEAN,
        "appliesToOverstayFee!": BOOLEAN,
        "appliesToMinimumMaximumCost!": BOOLEAN,
        "taxRate!": RationalNumberType,
        "customData": CustomDataType,
    }
)
OverstayRuleType = record(
    {
        "overstayFee!": RationalNumberType,
        "overstayRuleDescription": text(32),
        "startTime!": WHOLE,
        "overstayFeePeriod!": WHOLE,
        "customData": CustomDataType,
    }
)
OverstayRuleListType = record(
    {
        "overstayPowerThreshold": RationalNumberType,
        "overstayRule!": array(OverstayRuleType, least=1, most=5),
        "overstayTimeThreshold": WHOLE,
        "customData": CustomDataType,
    }
)
AdditionalSelectedServicesType = record(
    {"serviceFee!": RationalNumberType, "serviceName!": text(80), "customData": CustomDataType}
)
AbsolutePriceScheduleType = record(
    {
        "timeAnchor!": TIME,
        "priceScheduleID!": whole(least=0.0),
        "priceScheduleDescription": text(160),
        "currency!": text(3),
        "language!": text(8),
        "priceAlgorithm!": text(2000),
        "minimumCost": RationalNumberType,
        "maximumCost": RationalNumberType,
        "priceRuleStacks!": array(PriceRuleStackType, least=1, most=1024),
        "taxRules": array(TaxRuleType, least=1, most=10),
        "overstayRuleList": OverstayRuleListType,
        "additionalSelectedServices": array(AdditionalSelectedServicesType, least=1, most=5),
        "customData": CustomDataType,
    }
)
PriceLevelScheduleEntryType = record(
    {"duration!": WHOLE, "priceLevel!": whole(least=0.0), "customData": CustomDataType}
)
PriceLevelScheduleType = record(
    {
        "priceLevelScheduleEntries!": array(PriceLevelScheduleEntryType, least=1, most=100),
        "timeAnchor!": TIME,
        "priceScheduleId!": whole(least=0.0),
        "priceScheduleDescription": text(32),
        "numberOfPriceLevels!": whole(least=0.0),
        "customData": CustomDataType,
    }
)
ChargingScheduleType = record(
    {
        "id!": WHOLE,
        "limitAtSoC": LimitAtSoCType,
        "startSchedule": TIME,
        "duration": WHOLE,
        "chargingRateUnit!": ChargingRateUnitEnumType,
        "minChargingRate": NUMBER,
        "powerTolerance": NUMBER,
        "signatureId": whole(least=0.0),
        "digestValue": text(88),
        "useLocalTime": BOOLEAN,
        "chargingSchedulePeriod!": array(ChargingSchedulePeriodType, least=1, most=1024),
        "randomizedDelay": whole(least=0.0),
        "salesTariff": SalesTariffType,
        "absolutePriceSchedule": AbsolutePriceScheduleType,
        "priceLevelSchedule": PriceLevelScheduleType,
        "customData": CustomDataType,
    }
)
ChargingLimitType = record(
    {
        "chargingLimitSource!": text(20),
        "isLocalGeneration": BOOLEAN,
        "isGridCritical": BOOLEAN,
        "customData": CustomDataType,
    }
)
DERControlEnumType = word(
    "EnterService FreqDroop FreqWatt FixedPFAbsorb FixedPFInject FixedVar Gradients "
    "HFMustTrip HFMayTrip HVMustTrip HVMomCess HVMayTrip LimitMaxDischarge LFMustTrip "
    "LVMustTrip LVMomCess LVMayTrip PowerMonitoringMustTrip VoltVar VoltWatt WattPF "
    "WattVar"
)
GridEventFaultEnumType = word(
    "CurrentImbalance LocalEmergency LowInputPower OverCurrent OverFrequency "
    "OverVoltage PhaseRotation RemoteEmergency UnderFrequency UnderVoltage "
    "VoltageImbalance"
)
EVSEType = record({"id!": whole(least=0.0), "connectorId": whole(least=0.0), "customData": CustomDataType})
ComponentType = record({"evse": EVSEType, "name!": text(50), "instance": text(50), "customData": CustomDataType})
MessagePriorityEnumType = word("AlwaysFront InFront NormalCycle")
MessageStateEnumType = word("Charging Faulted Idle Unavailable Suspended Discharging")
MessageFormatEnumType = word("ASCII HTML URI UTF8 QRCODE")
MessageContentType = record(
    {"format!": MessageFormatEnumType, "language": text(8), "content!": text(1024), "customData": CustomDataType}
)
MessageInfoType = record(
    {
        "display": ComponentType,
        "id!": whole(least=0.0),
        "priority!": MessagePriorityEnumType,
        "state": MessageStateEnumType,
        "startDateTime": TIME,
        "endDateTime": TIME,
        "transactionId": text(36),
        "message!": MessageContentType,
        "messageExtra": array(MessageContentType, least=1, most=4),
        "customData": CustomDataType,
    }
)
ACChargingParametersType = record(
    {
        "energyAmount!": NUMBER,
        "evMinCurrent!": NUMBER,
        "evMaxCurrent!": NUMBER,
        "evMaxVoltage!": NUMBER,
        "customData": CustomDataType,
    }
)
IslandingDetectionEnumType = word(
    "NoAntiIslandingSupport RoCoF UVP_OVP UFP_OFP VoltageVectorShift "
    "ZeroCrossingDetection OtherPassive ImpedanceMeasurement ImpedanceAtFrequency "
    "SlipModeFrequencyShift SandiaFrequencyShift SandiaVoltageShift FrequencyJump "
    "RCLQFactor OtherActive"
)
DERChargingParametersType = record(
    {
        "evSupportedDERControl": array(DERControlEnumType, least=1),
        "evOverExcitedMaxDischargePower": NUMBER,
        "evOverExcitedPowerFactor": NUMBER,
        "evUnderExcitedMaxDischargePower": NUMBER,
        "evUnderExcitedPowerFactor": NUMBER,
        "maxApparentPower": NUMBER,
        "maxChargeApparentPower": NUMBER,
        "maxChargeApparentPower_L2": NUMBER,
        "maxChargeApparentPower_L3": NUMBER,
        "maxDischargeApparentPower": NUMBER,
        "maxDischargeApparentPower_L2": NUMBER,
        "maxDischargeApparentPower_L3": NUMBER,
        "maxChargeReactivePower": NUMBER,
        "maxChargeReactivePower_L2": NUMBER,
        "maxChargeReactivePower_L3": NUMBER,
        "minChargeReactivePower": NUMBER,
        "minChargeReactivePower_L2": NUMBER,
        "minChargeReactivePower_L3": NUMBER,
        "maxDischargeReactivePower": NUMBER,
        "maxDischargeReactivePower_L2": NUMBER,
        "maxDischargeReactivePower_L3": NUMBER,
        "minDischargeReactivePower": NUMBER,
        "minDischargeReactivePower_L2": NUMBER,
        "minDischargeReactivePower_L3": NUMBER,
        "nominalVoltage": NUMBER,
        "nominalVoltageOffset": NUMBER,
        "maxNominalVoltage": NUMBER,
        "minNominalVoltage": NUMBER,
        "evInverterManufacturer": text(50),
        "evInverterModel": text(50),
        "evInverterSerialNumber": text(50),
        "evInverterSwVersion": text(50),
        "evInverterHwVersion": text(50),
        "evIslandingDetectionMethod": array(IslandingDetectionEnumType, least=1),
        "evIslandingTripTime": NUMBER,
        "evMaximumLevel1DCInjection": NUMBER,
        "evDurationLevel1DCInjection": NUMBER,
        "evMaximumLevel2DCInjection": NUMBER,
        "evDurationLevel2DCInjection": NUMBER,
        "evReactiveSusceptance": NUMBER,
        "evSessionTotalDischargeEnergyAvailable": NUMBER,
        "customData": CustomDataType,
    }
)
EVPriceRuleType = record({"energyFee!": NUMBER, "powerRangeStart!": NUMBER, "customData": CustomDataType})
EVAbsolutePriceScheduleEntryType = record(
    {"duration!": WHOLE, "evPriceRule!": array(EVPriceRuleType, least=1, most=8), "customData": CustomDataType}
)
EVAbsolutePriceScheduleType = record(
    {
        "timeAnchor!": TIME,
        "currency!": text(3),
        "evAbsolutePriceScheduleEntries!": array(EVAbsolutePriceScheduleEntryType, least=1, most=1024),
        "priceAlgorithm!": text(2000),
        "customData": CustomDataType,
    }
)
EVPowerScheduleEntryType = record({"duration!": WHOLE, "power!": NUMBER, "customData": CustomDataType})
EVPowerScheduleType = record(
    {
        "evPowerScheduleEntries!": array(EVPowerScheduleEntryType, least=1, most=1024),
        "timeAnchor!": TIME,
        "customData": CustomDataType,
    }
)
EVEnergyOfferType = record(
    {
        "evAbsolutePriceSchedule": EVAbsolutePriceScheduleType,
        "evPowerSchedule!": EVPowerScheduleType,
        "customData": CustomDataType,
    }
)
EnergyTransferModeEnumType = word(
    "AC_single_phase AC_two_phase AC_three_phase DC AC_BPT AC_BPT_DER AC_DER DC_BPT DC_ACDP DC_ACDP_BPT WPT"
)
DCChargingParametersType = record(
    {
        "evMaxCurrent!": NUMBER,
        "evMaxVoltage!": NUMBER,
        "evMaxPower": NUMBER,
        "evEnergyCapacity": NUMBER,
        "energyAmount": NUMBER,
        "stateOfCharge": whole(least=0.0, most=100.0),
        "fullSoC": whole(least=0.0, most=100.0),
        "bulkSoC": whole(least=0.0, most=100.0),
        "customData": CustomDataType,
    }
)
V2XChargingParametersType = record(
    {
        "minChargePower": NUMBER,
        "minChargePower_L2": NUMBER,
        "minChargePower_L3": NUMBER,
        "maxChargePower": NUMBER,
        "maxChargePower_L2": NUMBER,
        "maxChargePower_L3": NUMBER,
        "minDischargePower": NUMBER,
        "minDischargePower_L2": NUMBER,
        "minDischargePower_L3": NUMBER,
        "maxDischargePower": NUMBER,
        "maxDischargePower_L2": NUMBER,
        "maxDischargePower_L3": NUMBER,
        "minChargeCurrent": NUMBER,
        "maxChargeCurrent": NUMBER,
        "minDischargeCurrent": NUMBER,
        "maxDischargeCurrent": NUMBER,
        "minVoltage": NUMBER,
        "maxVoltage": NUMBER,
        "evTargetEnergyRequest": NUMBER,
        "evMinEnergyRequest": NUMBER,
        "evMaxEnergyRequest": NUMBER,
        "evMinV2XEnergyRequest": NUMBER,
        "evMaxV2XEnergyRequest": NUMBER,
        "targetSoC": whole(least=0.0, most=100.0),
        "customData": CustomDataType,
    }
)
ControlModeEnumType = word("ScheduledControl DynamicControl")
MobilityNeedsModeEnumType = word("EVCC EVCC_SECC")
ChargingNeedsType = record(
    {
        "acChargingParameters": ACChargingParametersType,
        "derChargingParameters": DERChargingParametersType,
        "evEnergyOffer": EVEnergyOfferType,
        "requestedEnergyTransfer!": EnergyTransferModeEnumType,
        "dcChargingParameters": DCChargingParametersType,
        "v2xChargingParameters": V2XChargingParametersType,
        "availableEnergyTransfer": array(EnergyTransferModeEnumType, least=1),
        "controlMode": ControlModeEnumType,
        "mobilityNeedsMode": MobilityNeedsModeEnumType,
        "departureTime": TIME,
        "customData": CustomDataType,
    }
)
EventTriggerEnumType = word("Alerting Delta Periodic")
EventNotificationEnumType = word("HardWiredNotification HardWiredMonitor PreconfiguredMonitor CustomMonitor")
VariableType = record({"name!": text(50), "instance": text(50), "customData": CustomDataType})
EventDataType = record(
    {
        "eventId!": whole(least=0.0),
        "timestamp!": TIME,
        "trigger!": EventTriggerEnumType,
        "cause": whole(least=0.0),
        "actualValue!": text(2500),
        "techCode": text(50),
        "techInfo": text(500),
        "cleared": BOOLEAN,
        "transactionId": text(36),
        "component!": ComponentType,
        "variableMonitoringId": whole(least=0.0),
        "eventNotificationType!": EventNotificationEnumType,
        "variable!": VariableType,
        "severity": whole(least=0.0),
        "customData": CustomDataType,
    }
)
MonitorEnumType = word(
    "UpperThreshold LowerThreshold Delta Periodic PeriodicClockAligned TargetDelta TargetDeltaRelative"
)
VariableMonitoringType = record(
    {
        "id!": whole(least=0.0),
        "transaction!": BOOLEAN,
        "value!": NUMBER,
        "type!": MonitorEnumType,
        "severity!": whole(least=0.0),
        "eventNotificationType!": EventNotificationEnumType,
        "customData": CustomDataType,
    }
)
MonitoringDataType = record(
    {
        "component!": ComponentType,
        "variable!": VariableType,
        "variableMonitoring!": array(VariableMonitoringType, least=1),
        "customData": CustomDataType,
    }
)
AttributeEnumType = word("Actual Target MinSet MaxSet")
MutabilityEnumType = word("ReadOnly WriteOnly ReadWrite")
VariableAttributeType = record(
    {
        "type": AttributeEnumType,
        "value": text(2500),
        "mutability": MutabilityEnumType,
        "persistent": BOOLEAN,
        "constant": BOOLEAN,
        "customData": CustomDataType,
    }
)
DataEnumType = word("string decimal integer dateTime boolean OptionList SequenceList MemberList")
VariableCharacteristicsType = record(
    {
        "unit": text(16),
        "dataType!": DataEnumType,
        "minLimit": NUMBER,
        "maxLimit": NUMBER,
        "maxElements": whole(least=1.0),
        "valuesList": text(1000),
        "supportsMonitoring!": BOOLEAN,
        "customData": CustomDataType,
    }
)
ReportDataType = record(
    {
        "component!": ComponentType,
        "variable!": VariableType,
        "variableAttribute!": array(VariableAttributeType, least=1, most=4),
        "variableCharacteristics": VariableCharacteristicsType,
        "customData": CustomDataType,
    }
)
PaymentStatusEnumType = word("Settled Canceled Rejected Failed")
AddressType = record(
    {
        "name!": text(50),
        "address1!": text(100),
        "address2": text(100),
        "city!": text(100),
        "postalCode": text(20),
        "country!": text(50),
        "customData": CustomDataType,
    }
)
PeriodicEventStreamParamsType = record(
    {"interval": whole(least=0.0), "values": whole(least=0.0), "customData": CustomDataType}
)
ConstantStreamDataType = record(
    {
        "id!": whole(least=0.0),
        "params!": PeriodicEventStreamParamsType,
        "variableMonitoringId!": whole(least=0.0),
        "customData": CustomDataType,
    }
)
PublishFirmwareStatusEnumType = word(
    "Idle DownloadScheduled Downloading Downloaded Published DownloadFailed "
    "DownloadPaused InvalidChecksum ChecksumVerified PublishFailed"
)
ChargingProfilePurposeEnumType = word(
    "ChargingStationExternalConstraints ChargingStationMaxProfile TxDefaultProfile "
    "TxProfile PriorityCharging LocalGeneration"
)
ChargingProfileKindEnumType = word("Absolute Recurring Relative Dynamic")
RecurrencyKindEnumType = word("Daily Weekly")
ChargingProfileType = record(
    {
        "id!": WHOLE,
        "stackLevel!": whole(least=0.0),
        "chargingProfilePurpose!": ChargingProfilePurposeEnumType,
        "chargingProfileKind!": ChargingProfileKindEnumType,
        "recurrencyKind": RecurrencyKindEnumType,
        "validFrom": TIME,
        "validTo": TIME,
        "transactionId": text(36),
        "maxOfflineDuration": WHOLE,
        "chargingSchedule!": array(ChargingScheduleType, least=1, most=3),
        "invalidAfterOfflineDuration": BOOLEAN,
        "dynUpdateInterval": WHOLE,
        "dynUpdateTime": TIME,
        "priceScheduleSignature": text(256),
        "customData": CustomDataType,
    }
)
DERCurvePointsType = record({"x!": NUMBER, "y!": NUMBER, "customData": CustomDataType})
HysteresisType = record(
    {
        "hysteresisHigh": NUMBER,
        "hysteresisLow": NUMBER,
        "hysteresisDelay": NUMBER,
        "hysteresisGradient": NUMBER,
        "customData": CustomDataType,
    }
)
ReactivePowerParamsType = record(
    {
        "vRef": NUMBER,
        "autonomousVRefEnable": BOOLEAN,
        "autonomousVRefTimeConstant": NUMBER,
        "customData": CustomDataType,
    }
)
PowerDuringCessationEnumType = word("Active Reactive")
VoltageParamsType = record(
    {
        "hv10MinMeanValue": NUMBER,
        "hv10MinMeanTripDelay": NUMBER,
        "powerDuringCessation": PowerDuringCessationEnumType,
        "customData": CustomDataType,
    }
)
DERUnitEnumType = word("Not_Applicable PctMaxW PctMaxVar PctWAvail PctVarAvail PctEffectiveV")
DERCurveType = record(
    {
        "curveData!": array(DERCurvePointsType, least=1, most=10),
        "hysteresis": HysteresisType,
        "priority!": whole(least=0.0),
        "reactivePowerParams": ReactivePowerParamsType,
        "voltageParams": VoltageParamsType,
        "yUnit!": DERUnitEnumType,
        "responseTime": NUMBER,
        "startTime": TIME,
        "duration": NUMBER,
        "customData": CustomDataType,
    }
)
DERCurveGetType = record(
    {
        "curve!": DERCurveType,
        "id!": text(36),
        "curveType!": DERControlEnumType,
        "isDefault!": BOOLEAN,
        "isSuperseded!": BOOLEAN,
        "customData": CustomDataType,
    }
)
EnterServiceType = record(
    {
        "priority!": whole(least=0.0),
        "highVoltage!": NUMBER,
        "lowVoltage!": NUMBER,
        "highFreq!": NUMBER,
        "lowFreq!": NUMBER,
        "delay": NUMBER,
        "randomDelay": NUMBER,
        "rampRate": NUMBER,
        "customData": CustomDataType,
    }
)
EnterServiceGetType = record({"enterService!": EnterServiceType, "id!": text(36), "customData": CustomDataType})
FixedPFType = record(
    {
        "priority!": whole(least=0.0),
        "displacement!": NUMBER,
        "excitation!": BOOLEAN,
        "startTime": TIME,
        "duration": NUMBER,
        "customData": CustomDataType,
    }
)
FixedPFGetType = record(
    {
        "fixedPF!": FixedPFType,
        "id!": text(36),
        "isDefault!": BOOLEAN,
        "isSuperseded!": BOOLEAN,
        "customData": CustomDataType,
    }
)
FixedVarType = record(
    {
        "priority!": whole(least=0.0),
        "setpoint!": NUMBER,
        "unit!": DERUnitEnumType,
        "startTime": TIME,
        "duration": NUMBER,
        "customData": CustomDataType,
    }
)
FixedVarGetType = record(
    {
        "fixedVar!": FixedVarType,
        "id!": text(36),
        "isDefault!": BOOLEAN,
        "isSuperseded!": BOOLEAN,
        "customData": CustomDataType,
    }
)
FreqDroopType = record(
    {
        "priority!": whole(least=0.0),
        "overFreq!": NUMBER,
        "underFreq!": NUMBER,
        "overDroop!": NUMBER,
        "underDroop!": NUMBER,
        "responseTime!": NUMBER,
        "startTime": TIME,
        "duration": NUMBER,
        "customData": CustomDataType,
    }
)
FreqDroopGetType = record(
    {
        "freqDroop!": FreqDroopType,
        "id!": text(36),
        "isDefault!": BOOLEAN,
        "isSuperseded!": BOOLEAN,
        "customData": CustomDataType,
    }
)
GradientType = record(
    {"priority!": whole(least=0.0), "gradient!": NUMBER, "softGradient!": NUMBER, "customData": CustomDataType}
)
GradientGetType = record({"gradient!": GradientType, "id!": text(36), "customData": CustomDataType})
LimitMaxDischargeType = record(
    {
        "priority!": whole(least=0.0),
        "pctMaxDischargePower": NUMBER,
        "powerMonitoringMustTrip": DERCurveType,
        "startTime": TIME,
        "duration": NUMBER,
        "customData": CustomDataType,
    }
)
LimitMaxDischargeGetType = record(
    {
        "id!": text(36),
        "isDefault!": BOOLEAN,
        "isSuperseded!": BOOLEAN,
        "limitMaxDischarge!": LimitMaxDischargeType,
        "customData": CustomDataType,
    }
)
ReservationUpdateStatusEnumType = word("Expired Removed NoTransaction")
CertificateSigningUseEnumType = word("ChargingStationCertificate V2GCertificate V2G20Certificate")
ConnectorStatusEnumType = word("Available Occupied Reserved Unavailable Faulted")
CostDimensionEnumType = word("Energy MaxCurrent MinCurrent MaxPower MinPower IdleTIme ChargingTime")
CostDimensionType = record({"type!": CostDimensionEnumType, "volume!": NUMBER, "customData": CustomDataType})
ChargingPeriodType = record(
    {
        "dimensions": array(CostDimensionType, least=1),
        "tariffId": text(60),
        "startPeriod!": TIME,
        "customData": CustomDataType,
    }
)
TariffCostEnumType = word("NormalCost MinCost MaxCost")
TaxRateType = record({"type!": text(20), "tax!": NUMBER, "stack": whole(least=0.0), "customData": CustomDataType})
PriceType = record(
    {
        "exclTax": NUMBER,
        "inclTax": NUMBER,
        "taxRates": array(TaxRateType, least=1, most=5),
        "customData": CustomDataType,
    }
)
TotalPriceType = record({"exclTax": NUMBER, "inclTax": NUMBER, "customData": CustomDataType})
TotalCostType = record(
    {
        "currency!": text(3),
        "typeOfCost!": TariffCostEnumType,
        "fixed": PriceType,
        "energy": PriceType,
        "chargingTime": PriceType,
        "idleTime": PriceType,
        "reservationTime": PriceType,
        "reservationFixed": PriceType,
        "total!": TotalPriceType,
        "customData": CustomDataType,
    }
)
TotalUsageType = record(
    {
        "energy!": NUMBER,
        "chargingTime!": WHOLE,
        "idleTime!": WHOLE,
        "reservationTime": WHOLE,
        "customData": CustomDataType,
    }
)
CostDetailsType = record(
    {
        "chargingPeriods": array(ChargingPeriodType, least=1),
        "totalCost!": TotalCostType,
        "totalUsage!": TotalUsageType,
        "failureToCalculate": BOOLEAN,
        "failureReason": text(500),
        "customData": CustomDataType,
    }
)
TransactionEventEnumType = word("Ended Started Updated")
TriggerReasonEnumType = word(
    "AbnormalCondition Authorized CablePluggedIn ChargingRateChanged "
    "ChargingStateChanged CostLimitReached Deauthorized EnergyLimitReached "
    "EVCommunicationLost EVConnectTimeout EVDeparted EVDetected LimitSet "
    "MeterValueClock MeterValuePeriodic OperationModeChanged RemoteStart RemoteStop "
    "ResetCommand RunningCost SignedDataReceived SoCLimitReached StopAuthorized "
    "TariffChanged TariffNotAccepted TimeLimitReached Trigger TxResumed UnlockCommand"
)
PreconditioningStatusEnumType = word("Unknown Ready NotReady Preconditioning")
ChargingStateEnumType = word("EVConnected Charging SuspendedEV SuspendedEVSE Idle")
ReasonEnumType = word(
    "DeAuthorized EmergencyStop EnergyLimitReached EVDisconnected GroundFault "
    "ImmediateReset MasterPass Local LocalOutOfCredit Other OvercurrentFault "
    "PowerLoss PowerQuality Reboot Remote SOCLimitReached StoppedByEV "
    "TimeLimitReached Timeout ReqEnergyTransferRejected"
)
TransactionLimitType = record(
    {
        "maxCost": NUMBER,
        "maxEnergy": NUMBER,
        "maxTime": WHOLE,
        "maxSoC": whole(least=0.0, most=100.0),
        "customData": CustomDataType,
    }
)
TransactionType = record(
    {
        "transactionId!": text(36),
        "chargingState": ChargingStateEnumType,
        "timeSpentCharging": WHOLE,
        "stoppedReason": ReasonEnumType,
        "remoteStartId": WHOLE,
        "operationMode": OperationModeEnumType,
        "tariffId": text(60),
        "transactionLimit": TransactionLimitType,
        "customData": CustomDataType,
    }
)
ChangeAvailabilityStatusEnumType = word("Accepted Rejected Scheduled")
GenericDeviceModelStatusEnumType = word("Accepted Rejected NotSupported EmptyResultSet")
ResetStatusEnumType = word("Accepted Rejected Scheduled")
TriggerMessageStatusEnumType = word("Accepted Rejected NotImplemented")
UnlockStatusEnumType = word("Unlocked UnlockFailed OngoingAuthorizedTransaction UnknownConnector")
#: What a charger asks.
REQUESTS = {
    "Authorize": Shape(
        {
            "idToken!": IdTokenType,
            "certificate": text(10000),
            "iso15118CertificateHashData": array(OCSPRequestDataType, least=1, most=4),
            "customData": CustomDataType,
        }
    ),
    "BatterySwap": Shape(
        {
            "batteryData!": array(BatteryDataType, least=1),
            "eventType!": BatterySwapEventEnumType,
            "idToken!": IdTokenType,
            "requestId!": WHOLE,
            "customData": CustomDataType,
        }
    ),
    "BootNotification": Shape(
        {"chargingStation!": ChargingStationType, "reason!": BootReasonEnumType, "customData": CustomDataType}
    ),
    "ClearedChargingLimit": Shape(
        {"chargingLimitSource!": text(20), "evseId": whole(least=0.0), "customData": CustomDataType}
    ),
    "ClosePeriodicEventStream": Shape({"id!": whole(least=0.0), "customData": CustomDataType}),
    "DataTransfer": Shape(
        {"messageId": text(50), "data": ANYTHING, "vendorId!": text(255), "customData": CustomDataType}
    ),
    "FirmwareStatusNotification": Shape(
        {
            "status!": FirmwareStatusEnumType,
            "requestId": WHOLE,
            "statusInfo": StatusInfoType,
            "customData": CustomDataType,
        }
    ),
    "Get15118EVCertificate": Shape(
        {
            "iso15118SchemaVersion!": text(50),
            "action!": CertificateActionEnumType,
            "exiRequest!": text(11000),
            "maximumContractCertificateChains": whole(least=0.0),
            "prioritizedEMAIDs": array(text(255), least=1, most=8),
            "customData": CustomDataType,
        }
    ),
    "GetCertificateChainStatus": Shape(
        {
            "certificateStatusRequests!": array(CertificateStatusRequestInfoType, least=1, most=4),
            "customData": CustomDataType,
        }
    ),
    "GetCertificateStatus": Shape({"ocspRequestData!": OCSPRequestDataType, "customData": CustomDataType}),
    "Heartbeat": Shape({"customData": CustomDataType}),
    "LogStatusNotification": Shape(
        {
            "status!": UploadLogStatusEnumType,
            "requestId": WHOLE,
            "statusInfo": StatusInfoType,
            "customData": CustomDataType,
        }
    ),
    "MeterValues": Shape(
        {"evseId!": whole(least=0.0), "meterValue!": array(MeterValueType, least=1), "customData": CustomDataType}
    ),
    "NotifyChargingLimit": Shape(
        {
            "chargingSchedule": array(ChargingScheduleType, least=1),
            "evseId": whole(least=0.0),
            "chargingLimit!": ChargingLimitType,
            "customData": CustomDataType,
        }
    ),
    "NotifyCustomerInformation": Shape(
        {
            "data!": text(512),
            "tbc": BOOLEAN,
            "seqNo!": whole(least=0.0),
            "generatedAt!": TIME,
            "requestId!": whole(least=0.0),
            "customData": CustomDataType,
        }
    ),
    "NotifyDERAlarm": Shape(
        {
            "controlType!": DERControlEnumType,
            "gridEventFault": GridEventFaultEnumType,
            "alarmEnded": BOOLEAN,
            "timestamp!": TIME,
            "extraInfo": text(200),
            "customData": CustomDataType,
        }
    ),
    "NotifyDERStartStop": Shape(
        {
            "controlId!": text(36),
            "started!": BOOLEAN,
            "timestamp!": TIME,
            "supersededIds": array(text(36), least=1, most=24),
            "customData": CustomDataType,
        }
    ),
    "NotifyDisplayMessages": Shape(
        {
            "messageInfo": array(MessageInfoType, least=1),
            "requestId!": WHOLE,
            "tbc": BOOLEAN,
            "customData": CustomDataType,
        }
    ),
    "NotifyEVChargingNeeds": Shape(
        {
            "evseId!": whole(least=1.0),
            "maxScheduleTuples": whole(least=0.0),
            "chargingNeeds!": ChargingNeedsType,
            "timestamp": TIME,
            "customData": CustomDataType,
        }
    ),
    "NotifyEVChargingSchedule": Shape(
        {
            "timeBase!": TIME,
            "chargingSchedule!": ChargingScheduleType,
            "evseId!": whole(least=1.0),
            "selectedChargingScheduleId": whole(least=0.0),
            "powerToleranceAcceptance": BOOLEAN,
            "customData": CustomDataType,
        }
    ),
    "NotifyEvent": Shape(
        {
            "generatedAt!": TIME,
            "tbc": BOOLEAN,
            "seqNo!": whole(least=0.0),
            "eventData!": array(EventDataType, least=1),
            "customData": CustomDataType,
        }
    ),
    "NotifyMonitoringReport": Shape(
        {
            "monitor": array(MonitoringDataType, least=1),
            "requestId!": WHOLE,
            "tbc": BOOLEAN,
            "seqNo!": whole(least=0.0),
            "generatedAt!": TIME,
            "customData": CustomDataType,
        }
    ),
    "NotifyPriorityCharging": Shape({"transactionId!": text(36), "activated!": BOOLEAN, "customData": CustomDataType}),
    "NotifyReport": Shape(
        {
            "requestId!": WHOLE,
            "generatedAt!": TIME,
            "reportData": array(ReportDataType, least=1),
            "tbc": BOOLEAN,
            "seqNo!": whole(least=0.0),
            "customData": CustomDataType,
        }
    ),
    "NotifySettlement": Shape(
        {
            "transactionId": text(36),
            "pspRef!": text(255),
            "status!": PaymentStatusEnumType,
            "statusInfo": text(500),
            "settlementAmount!": NUMBER,
            "settlementTime!": TIME,
            "receiptId": text(50),
            "receiptUrl": text(2000),
            "vatCompany": AddressType,
            "vatNumber": text(20),
            "customData": CustomDataType,
        }
    ),
    "OpenPeriodicEventStream": Shape({"constantStreamData!": ConstantStreamDataType, "customData": CustomDataType}),
    "PublishFirmwareStatusNotification": Shape(
        {
            "status!": PublishFirmwareStatusEnumType,
            "location": array(text(2000), least=1),
            "requestId": whole(least=0.0),
            "statusInfo": StatusInfoType,
            "customData": CustomDataType,
        }
    ),
    "PullDynamicScheduleUpdate": Shape({"chargingProfileId!": WHOLE, "customData": CustomDataType}),
    "ReportChargingProfiles": Shape(
        {
            "requestId!": WHOLE,
            "chargingLimitSource!": text(20),
            "chargingProfile!": array(ChargingProfileType, least=1),
            "tbc": BOOLEAN,
            "evseId!": whole(least=0.0),
            "customData": CustomDataType,
        }
    ),
    "ReportDERControl": Shape(
        {
            "curve": array(DERCurveGetType, least=1, most=24),
            "enterService": array(EnterServiceGetType, least=1, most=24),
            "fixedPFAbsorb": array(FixedPFGetType, least=1, most=24),
            "fixedPFInject": array(FixedPFGetType, least=1, most=24),
            "fixedVar": array(FixedVarGetType, least=1, most=24),
            "freqDroop": array(FreqDroopGetType, least=1, most=24),
            "gradient": array(GradientGetType, least=1, most=24),
            "limitMaxDischarge": array(LimitMaxDischargeGetType, least=1, most=24),
            "requestId!": WHOLE,
            "tbc": BOOLEAN,
            "customData": CustomDataType,
        }
    ),
    "ReservationStatusUpdate": Shape(
        {
            "reservationId!": whole(least=0.0),
            "reservationUpdateStatus!": ReservationUpdateStatusEnumType,
            "customData": CustomDataType,
        }
    ),
    "SecurityEventNotification": Shape(
        {"type!": text(50), "timestamp!": TIME, "techInfo": text(255), "customData": CustomDataType}
    ),
    "SignCertificate": Shape(
        {
            "csr!": text(5500),
            "certificateType": CertificateSigningUseEnumType,
            "hashRootCertificate": CertificateHashDataType,
            "requestId": WHOLE,
            "customData": CustomDataType,
        }
    ),
    "StatusNotification": Shape(
        {
            "timestamp!": TIME,
            "connectorStatus!": ConnectorStatusEnumType,
            "evseId!": whole(least=0.0),
            "connectorId!": whole(least=0.0),
            "customData": CustomDataType,
        }
    ),
    "TransactionEvent": Shape(
        {
            "costDetails": CostDetailsType,
            "eventType!": TransactionEventEnumType,
            "meterValue": array(MeterValueType, least=1),
            "timestamp!": TIME,
            "triggerReason!": TriggerReasonEnumType,
            "seqNo!": whole(least=0.0),
            "offline": BOOLEAN,
            "numberOfPhasesUsed": whole(least=0.0, most=3.0),
            "cableMaxCurrent": WHOLE,
            "reservationId": whole(least=0.0),
            "preconditioningStatus": PreconditioningStatusEnumType,
            "evseSleep": BOOLEAN,
            "transactionInfo!": TransactionType,
            "evse": EVSEType,
            "idToken": IdTokenType,
            "customData": CustomDataType,
        }
    ),
    "VatNumberValidation": Shape({"vatNumber!": text(20), "evseId": whole(least=0.0), "customData": CustomDataType}),
}
#: What it answers.
ANSWERS = {
    "ChangeAvailability": Shape(
        {"status!": ChangeAvailabilityStatusEnumType, "statusInfo": StatusInfoType, "customData": CustomDataType}
    ),
    "GetBaseReport": Shape(
        {"status!": GenericDeviceModelStatusEnumType, "statusInfo": StatusInfoType, "customData": CustomDataType}
    ),
    "Reset": Shape({"status!": ResetStatusEnumType, "statusInfo": StatusInfoType, "customData": CustomDataType}),
    "TriggerMessage": Shape(
        {"status!": TriggerMessageStatusEnumType, "statusInfo": StatusInfoType, "customData": CustomDataType}
    ),
    "UnlockConnector": Shape(
        {"status!": UnlockStatusEnumType, "statusInfo": StatusInfoType, "customData": CustomDataType}
    ),
}
#: What goes the other way, or is no CALL.
REFUSED = names(
    "AFRRSignal AdjustPeriodicEventStream CancelReservation CertificateSigned "
    "ChangeAvailability ChangeTransactionTariff ClearCache ClearChargingProfile "
    "ClearDERControl ClearDisplayMessage ClearTariffs ClearVariableMonitoring "
    "CostUpdated CustomerInformation DeleteCertificate GetBaseReport "
    "GetChargingProfiles GetCompositeSchedule GetDERControl GetDisplayMessages "
    "GetInstalledCertificateIds GetLocalListVersion GetLog GetMonitoringReport "
    "GetPeriodicEventStream GetReport GetTariffs GetTransactionStatus GetVariables "
    "InstallCertificate NotifyAllowedEnergyTransfer NotifyPeriodicEventStream "
    "NotifyWebPaymentStarted PublishFirmware RequestBatterySwap "
    "RequestStartTransaction RequestStopTransaction ReserveNow Reset SendLocalList "
    "SetChargingProfile SetDERControl SetDefaultTariff SetDisplayMessage "
    "SetMonitoringBase SetMonitoringLevel SetNetworkProfile SetVariableMonitoring "
    "SetVariables TriggerMessage UnlockConnector UnpublishFirmware "
    "UpdateDynamicSchedule UpdateFirmware UsePriorityCharging"
)
